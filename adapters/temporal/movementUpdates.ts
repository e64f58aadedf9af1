import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { SeatUpdatePort } from '../../activities/movements.ts';
import type { journeySignals, workflowId } from '../../workflows/messages.ts';

/** Names of journeys and their signals from `workflows/messages.ts`, injected by the process. */
export type JourneyNames = {
  workflowId: Pick<typeof workflowId, 'journey'>;
  journeySignals: Pick<typeof journeySignals, 'movementUpdated'>;
};

/**
 * Sends movement updates to one journey as signals. @param deadlineMs of the call, which would hang while the server is
 * away
 */
export function journeyNotifier(
  client: Client,
  names: JourneyNames,
  deadlineMs = 5_000,
): SeatUpdatePort['notifyJourney'] {
  return async (journeyId, update) => {
    try {
      await client.connection.withDeadline(Date.now() + deadlineMs, () =>
        client.workflow
          .getHandle(names.workflowId.journey(journeyId))
          .signal(names.journeySignals.movementUpdated, update),
      );
      return 'notified';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return 'over';
      throw error;
    }
  };
}
