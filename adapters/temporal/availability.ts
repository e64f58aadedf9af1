import { WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';

const UNAVAILABLE = 14;
const DEADLINE_EXCEEDED = 4;

/** The gRPC status UNAVAILABLE: nothing was sent, and the same call may be repeated. */
export class TemporalAway extends Error {
  override name = 'TemporalAway';
  readonly code = UNAVAILABLE;
  readonly details = 'Temporal does not answer';
  readonly metadata = {};
}

/**
 * While the server is away, a call hangs until its deadline. After one such call and a failed health check, each further
 * call checks first and is refused quickly.
 * @param answers whether the server answers, within about a second; concurrent calls share one check
 */
export function whileAvailable(answers: () => Promise<boolean>): <T>(call: () => Promise<T>) => Promise<T> {
  let away = false;
  let pending: Promise<boolean> | undefined;
  const ask = (): Promise<boolean> => {
    pending ??= answers().finally(() => {
      pending = undefined;
    });
    return pending;
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
