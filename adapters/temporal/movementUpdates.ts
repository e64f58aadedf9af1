import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { SeatUpdatePort } from '../../activities/movements.ts';
import type { journeySignals, workflowId } from '../../workflows/messages.ts';

/** Names of journeys and their signals, given by whoever puts the process together: `workflows/messages.ts` itself. */
export type JourneyNames = {
  workflowId: Pick<typeof workflowId, 'journey'>;
  journeySignals: Pick<typeof journeySignals, 'movementUpdated'>;
};

/** Signals travel update to one journey. @param deadlineMs for the call: while the server is away it would hang. */
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
