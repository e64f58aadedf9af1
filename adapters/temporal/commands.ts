import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Client,
  isGrpcServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Decision } from '../../domain/commands.ts';

/**
 * gRPC statuses of an update that lost its workflow task. ABORTED: the run was closing or continuing as new.
 * FAILED_PRECONDITION: the workflow task with the update failed, for example because it ended the run.
 * The same update reaches the next task, or the next run.
 */
const LOST_ITS_TASK: readonly (number | undefined)[] = [9, 10];
/** Failure type of an accepted update whose run ended before the answer. */
const CLOSED_UNDER_UPDATE = 'AcceptedUpdateCompletedWorkflow';
const PAUSE_MS = 100;

export type SendOptions = {
  /** milliseconds of real time for all attempts together */
  deadline: number;
  /** starts the workflow if its row orders that; true: it runs now, or another process is about to start it */
  start?: (workflowId: string) => Promise<boolean>;
  /** the recorded answer to a command, whatever the workflow answers now */
  onRecord?: (workflowId: string, commandId: string) => Promise<object | undefined>;
};

/**
 * Sends a person's decision as an update and waits until the workflow has recorded it. The id of the command is the id
 * of the update: a repeated command gets the same answer, also from the next run after continue-as-new.
 * @throws WorkflowUpdateFailedError if the workflow refuses (first detail: `Refusal`); WorkflowNotFoundError if there is
 * no workflow; TemporalAway if it is not started before the deadline; WorkflowUpdateRPCTimeoutOrCancelledError or a gRPC
 * error at the deadline: then the outcome is unknown, and the same command may be sent again
 */
export async function sendCommand<Answer>(
  client: Client,
  workflowId: string,
  name: string,
  command: Decision<object>,
  { deadline, start, onRecord }: SendOptions,
): Promise<Answer> {
  const until = Date.now() + deadline;
  for (;;) {
    try {
      return await client.connection.withDeadline(until, () =>
        client.workflow
          .getHandle(workflowId)
          .executeUpdate<Answer, [Decision<object>]>(name, { args: [command], updateId: command.commandId }),
      );
    } catch (error) {
      const missing = error instanceof WorkflowNotFoundError;
      const again = missing ? (await start?.(workflowId)) === true : betweenRuns(error);
      if (!again || Date.now() + PAUSE_MS >= until) {
        const stands =
          missing || error instanceof WorkflowUpdateFailedError
            ? await onRecord?.(workflowId, command.commandId)
            : undefined;
        if (stands !== undefined) return stands as Answer;
        throw missing && again ? new TemporalAway() : error;
      }
      await sleep(PAUSE_MS);
    }
  }
}

/** Whether the update fell between two runs of its workflow: it was not applied, or the next run knows it. */
function betweenRuns(error: unknown): boolean {
  if (error instanceof WorkflowUpdateFailedError) {
    return error.cause instanceof ApplicationFailure && error.cause.type === CLOSED_UNDER_UPDATE;
  }
  const grpc = isGrpcServiceError(error)
    ? error
    : error instanceof Error && isGrpcServiceError(error.cause)
      ? error.cause
      : undefined;
  const code: number | undefined = grpc?.code;
  return LOST_ITS_TASK.includes(code);
}

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
