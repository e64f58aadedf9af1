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
import type * as messages from '../../workflows/messages.ts';
import type {
  CarrierMessage,
  HouseholdMessage,
  HouseholdMustLeave,
  PartnerAnswered,
  PartnerFeedInput,
} from '../../workflows/messages.ts';

/** Names of workflows and signals, given by whoever puts the process together: `workflows/messages.ts` itself. */
export type WorkflowNames = Pick<
  typeof messages,
  'workflowId' | 'feedSignals' | 'journeySignals' | 'movementSignals'
> & {
  TASK_QUEUE: string;
};

/** `closed`: the workflow has ended, or there is none. */
export type Delivered = 'delivered' | 'closed';

/** How the outside loops and the notify activities reach the workflows of the gateway. */
export type WorkflowGateway = {
  nudgeFeed(endpointId: string): Promise<void>;
  partnerAnswered(subject: { kind: 'journey' | 'movement'; id: string }, update: PartnerAnswered[]): Promise<Delivered>;
  carrierReported(movementId: string, update: CarrierMessage[]): Promise<Delivered>;
  householdMustLeave(movementId: string, update: HouseholdMustLeave): Promise<Delivered>;
  householdChanged(journeyId: string, update: HouseholdMessage[]): Promise<Delivered>;
  start(pending: PendingStart): Promise<void>;
  /** starts a workflow that has run and is gone. @throws WorkflowExecutionAlreadyStartedError while it runs */
  startAgain(pending: PendingStart): Promise<void>;
};

/** A workflow that is to run: its row has been committed. */
export type PendingStart = { workflowId: string; workflow: string; taskQueue: string; input: unknown };

/** What Temporal's own pages say of a workflow: codes alone, never anything about a person. */
const SUMMARIES: Record<string, string> = {
  journey: 'One person’s way home',
  movement: 'One flight, ship, bus or convoy',
  operation: 'One operation',
  importList: 'One registration list on its way in',
  partnerFeed: 'Events for one endpoint of a partner',
};

/**
 * Whose tasks go before others in the queue (1 first, 3 without): somebody sits at a desk and waits for a list, a movement
 * or an operation, and must not wait behind ten thousand journeys that begin. A server that knows no priorities ignores it.
 */
const PRIORITIES: Record<string, number> = { importList: 2, movement: 2, operation: 2 };
const USUAL = 3;

/** @param deadlineMs for each call: while the server is away a call would hang. */
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
    async start(pending) {
      try {
        await start(pending, {
          workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
          workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
        });
      } catch (error) {
        // It has run, and ended, before: started is started.
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

/** gRPC: CANCELLED, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, UNAVAILABLE: the same call may well succeed later. */
const PASSING = [1, 4, 8, 10, 14];

/**
 * Whether the server is away or overloaded, rather than that it refuses this one call. A failure to connect carries no
 * status; an error that is not the server's is a fault of this one call and stops no other.
 */
export function temporalIsAway(error: unknown): boolean {
  const grpc = isGrpcServiceError(error)
    ? error
    : error instanceof Error && isGrpcServiceError(error.cause)
      ? error.cause
      : undefined;
  return grpc === undefined ? error instanceof ServiceError : PASSING.includes(grpc.code);
}
