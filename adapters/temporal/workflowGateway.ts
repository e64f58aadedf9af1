import {
  type Client,
  isGrpcServiceError,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
  WorkflowNotFoundError,
  type WorkflowStartOptions,
} from '@temporalio/client';
import type { PendingStart } from '../../application/starts/start.ts';
import type * as messages from '../../workflows/messages.ts';
import type {
  CarrierMessage,
  HouseholdMessage,
  HouseholdMustLeave,
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
  movementUpdated(journeyId: string, update: MovementUpdate[]): Promise<Delivered>;
  start(pending: PendingStart): Promise<void>;
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
    movementUpdated: (id, update) => signal(names.workflowId.journey(id), names.journeySignals.movementUpdated, update),
    async start(pending) {
      try {
        await start(pending, {
          workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
          workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
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

/** gRPC: CANCELLED, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, UNAVAILABLE. The same call may succeed later. */
const PASSING = [1, 4, 8, 10, 14];

/**
 * Whether the server is away or overloaded, and does not refuse this one call. A failed connection has no status. An
 * error from elsewhere concerns this call only and stops no other.
 */
export function temporalIsAway(error: unknown): boolean {
  const grpc = isGrpcServiceError(error)
    ? error
    : error instanceof Error && isGrpcServiceError(error.cause)
      ? error.cause
      : undefined;
  return grpc === undefined ? error instanceof ServiceError : PASSING.includes(grpc.code);
}
