import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Client,
  isGrpcServiceError,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
  WorkflowNotFoundError,
  type WorkflowStartOptions,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { PendingStart } from '../../application/starts/start.ts';
import type { Decision } from '../../domain/commands.ts';
import type * as messages from '../../workflows/messages.ts';
import type {
  CarrierMessage,
  HoldsMessage,
  HouseholdMessage,
  HouseholdMustLeave,
  MembersMessage,
  MovementUpdate,
  PartnerAnswered,
  PartnerFeedInput,
} from '../../workflows/messages.ts';

/** Names of workflows and signals from `workflows/messages.ts`, injected by the process. */
export type WorkflowNames = Pick<
  typeof messages,
  'workflowId' | 'feedSignals' | 'journeySignals' | 'movementSignals'
> & {
  TASK_QUEUE: string;
};

/** `closed`: the workflow has ended, or does not exist. */
export type Delivered = 'delivered' | 'closed';

/** How background loops and notify activities reach the workflows. */
export type WorkflowGateway = {
  nudgeFeed(endpointId: string): Promise<void>;
  partnerAnswered(subject: { kind: 'journey' | 'movement'; id: string }, update: PartnerAnswered[]): Promise<Delivered>;
  carrierReported(movementId: string, update: CarrierMessage[]): Promise<Delivered>;
  householdMustLeave(movementId: string, update: HouseholdMustLeave): Promise<Delivered>;
  householdChanged(journeyId: string, update: HouseholdMessage[]): Promise<Delivered>;
  membersReady(journeyId: string, update: MembersMessage): Promise<Delivered>;
  holdsFound(journeyId: string, update: HoldsMessage): Promise<Delivered>;
  movementUpdated(journeyId: string, update: MovementUpdate[]): Promise<Delivered>;
  start(pending: PendingStart): Promise<void>;
  /** whether a workflow of this id runs; false where none ever did */
  isRunning(workflowId: string): Promise<boolean>;
  /** starts a workflow that has run and is gone. @throws WorkflowExecutionAlreadyStartedError while it runs */
  startAgain(pending: PendingStart): Promise<void>;
};

/** What the Temporal UI shows of a workflow: codes alone, no data of people. */
const SUMMARIES: Record<string, string> = {
  journey: 'The journey of one person',
  movement: 'One flight, ship, bus or convoy',
  operation: 'One operation',
  importList: 'The import of one registration list',
  partnerFeed: 'Events for one endpoint of a partner',
};

/**
 * Priorities of task queues (1 is first, 3 is the default). A person waits for a list, a movement or an operation, so
 * these go before ten thousand new journeys. A server without priorities ignores them.
 */
const PRIORITIES: Record<string, number> = { importList: 2, movement: 2, operation: 2 };
const USUAL = 3;

/** @param deadlineMs of each call, which would hang while the server is away */
export function workflowGateway(client: Client, names: WorkflowNames, deadlineMs = 5_000): WorkflowGateway {
  const soon = <T>(work: () => Promise<T>): Promise<T> => client.connection.withDeadline(Date.now() + deadlineMs, work);

  const signal = async (workflowId: string, name: string, arg: unknown): Promise<Delivered> => {
    try {
      await soon(() => client.workflow.getHandle(workflowId).signal(name, arg));
      return 'delivered';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return 'closed';
      throw error;
    }
  };

  const start = async (
    { workflowId, workflow, taskQueue, input }: PendingStart,
    policies: Pick<WorkflowStartOptions, 'workflowIdConflictPolicy' | 'workflowIdReusePolicy'>,
  ): Promise<void> => {
    await soon(() =>
      client.workflow.start(workflow, {
        workflowId,
        taskQueue,
        args: [input],
        ...policies,
        priority: { priorityKey: PRIORITIES[workflow] ?? USUAL },
        ...described(workflow, workflowId.slice(workflowId.indexOf(':') + 1)),
      }),
    );
  };

  return {
    async nudgeFeed(endpointId) {
      const input: PartnerFeedInput = { version: 1, endpointId };
      await soon(() =>
        client.workflow.signalWithStart('partnerFeed', {
          workflowId: names.workflowId.feed(endpointId),
          taskQueue: names.TASK_QUEUE,
          args: [input],
          signal: names.feedSignals.nudged,
          signalArgs: [],
          // An endpoint that was removed and is needed again gets a new feed.
          workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
          ...described('partnerFeed', endpointId),
        }),
      );
    },
    partnerAnswered: ({ kind, id }, update) =>
      kind === 'journey'
        ? signal(names.workflowId.journey(id), names.journeySignals.partnerAnswered, update)
        : signal(names.workflowId.movement(id), names.movementSignals.partnerAnswered, update),
    carrierReported: (id, update) =>
      signal(names.workflowId.movement(id), names.movementSignals.carrierReported, update),
    householdMustLeave: (id, update) =>
      signal(names.workflowId.movement(id), names.movementSignals.householdMustLeave, update),
    householdChanged: (id, update) =>
      signal(names.workflowId.journey(id), names.journeySignals.householdChanged, update),
    membersReady: (id, update) => signal(names.workflowId.journey(id), names.journeySignals.membersReady, update),
    holdsFound: (id, update) => signal(names.workflowId.journey(id), names.journeySignals.holdsFound, update),
    movementUpdated: (id, update) => signal(names.workflowId.journey(id), names.journeySignals.movementUpdated, update),
    async isRunning(workflowId) {
      try {
        return (await soon(() => client.workflow.getHandle(workflowId).describe())).status.name === 'RUNNING';
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      }
    },
    async start(pending) {
      try {
        await start(pending, {
          workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
          workflowIdReusePolicy:
            pending.again === true ? WorkflowIdReusePolicy.ALLOW_DUPLICATE : WorkflowIdReusePolicy.REJECT_DUPLICATE,
        });
      } catch (error) {
        // The workflow has run and ended before, so it counts as started.
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
    },
    startAgain: (pending) =>
      start(pending, {
        workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL,
        workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      }),
  };
}

function described(workflow: string, id: string): { staticSummary: string; staticDetails: string } {
  return { staticSummary: SUMMARIES[workflow] ?? workflow, staticDetails: `\`${id}\`` };
}

/** No workflow of this id runs: it has ended, or never began. */
export function isWorkflowMissing(error: unknown): boolean {
  return error instanceof WorkflowNotFoundError;
}

function grpcErrorOf(error: unknown) {
  if (isGrpcServiceError(error)) return error;
  return error instanceof Error && isGrpcServiceError(error.cause) ? error.cause : undefined;
}

/** gRPC: CANCELLED, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, UNAVAILABLE. The same call may succeed later. */
const PASSING = [1, 4, 8, 10, 14];

/**
 * Whether the server is away or overloaded, and does not refuse this one call. A failed connection has no status. An
 * error from elsewhere concerns this call only and stops no other.
 */
export function temporalIsAway(error: unknown): boolean {
  const grpc = grpcErrorOf(error);
  return grpc === undefined ? error instanceof ServiceError : PASSING.includes(grpc.code);
}

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
  const code: number | undefined = grpcErrorOf(error)?.code;
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
