import { WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';

const UNAVAILABLE = 14;
const DEADLINE_EXCEEDED = 4;

/** gRPC's own "nobody is there": nothing was sent, and the same call may be made again. */
export class TemporalAway extends Error {
  override name = 'TemporalAway';
  readonly code = UNAVAILABLE;
  readonly details = 'Temporal does not answer';
  readonly metadata = {};
}

/**
 * While the server is away a call does not fail, it hangs until its deadline. So once one has hung and the server does
 * not answer a request either, every further call asks first, and is refused within that short time.
 * @param answers whether the server answers, within a second or so; calls that come meanwhile share one request
 */
export function whileAvailable(answers: () => Promise<boolean>): <T>(call: () => Promise<T>) => Promise<T> {
  let away = false;
  let asking: Promise<boolean> | undefined;
  const ask = (): Promise<boolean> => {
    asking ??= answers().finally(() => {
      asking = undefined;
    });
    return asking;
  };
  return async (call) => {
    if (away) {
      if (!(await ask())) throw new TemporalAway();
      away = false;
    }
    try {
      return await call();
    } catch (error) {
      if (hung(error)) away = !(await ask());
      throw error;
    }
  };
}

function hung(error: unknown): boolean {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return true;
  const code = codeOf(error) ?? (error instanceof Error ? codeOf(error.cause) : undefined);
  return code === UNAVAILABLE || code === DEADLINE_EXCEEDED;
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
