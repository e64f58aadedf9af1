import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, isGrpcServiceError, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Command } from '../../workflows/messages.ts';
import { TemporalAway } from './availability.ts';

/**
 * gRPC statuses of an update that lost its workflow task. ABORTED: the run was just closing or continuing as new.
 * FAILED_PRECONDITION: the task that held the update failed, as when update came while it was ending the run. The same
 * update meets the next task, or the next run.
 */
const LOST_ITS_TASK: readonly (number | undefined)[] = [9, 10];
/** Failure type of an update that was accepted by a run that ended before it answered. */
const CLOSED_UNDER_UPDATE = 'AcceptedUpdateCompletedWorkflow';
const PAUSE_MS = 100;

export type SendOptions = {
  /** milliseconds of real time for all tries together */
  deadline: number;
  /** starts the workflow if its row says that it should run; true: it runs now, or somebody else is about to start it */
  start?: (workflowId: string) => Promise<boolean>;
  /** the answer to a command that is on record, whatever the workflow says now */
  onRecord?: (workflowId: string, commandId: string) => Promise<object | undefined>;
};

/**
 * Sends a person's decision as the update of its name and waits until the workflow has recorded it. The command's id
 * is the update's: the same command again is answered the same, also by the next run after a continue-as-new.
 * @throws WorkflowUpdateFailedError where the workflow refuses (first detail: `Refusal`); WorkflowNotFoundError where
 *   there is none to ask; TemporalAway where there will be one and the deadline passed before;
 *   WorkflowUpdateRPCTimeoutOrCancelledError or a gRPC error when the deadline passed: then the outcome is unknown and
 *   the same command may be sent again.
 */
export async function sendCommand<Answer>(
  client: Client,
  workflowId: string,
  name: string,
  command: Command<unknown>,
  { deadline, start, onRecord }: SendOptions,
): Promise<Answer> {
  const until = Date.now() + deadline;
  for (;;) {
    try {
      return await client.connection.withDeadline(until, () =>
        client.workflow
          .getHandle(workflowId)
          .executeUpdate<Answer, [Command<unknown>]>(name, { args: [command], updateId: command.commandId }),
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

/** Whether the update fell between two runs of its workflow: it was not applied, or will be known to the next run. */
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
