import type { Ending } from '../../domain/journeys/statuses.ts';
import { JOURNEY_REQUESTS } from '../../domain/requests/index.ts';
import type { By } from '../aggregate/commands.ts';
import { notify } from './activities.ts';
import { recall } from './request.ts';
import type { JourneyRun } from './run.ts';

/**
 * The person withdraws. Before boarding the journey ends under its name and the seat is free at once; on board they
 * are carried to the next stop, nothing more is shared, and the journey ends there.
 */
export function withdraw(run: JourneyRun, by: By): void {
  const { status, movementId } = run.state.travel;
  run.event('consentWithdrawn', { version: run.state.consent.version + 1 }, by);
  if ((status === 'boarded' || status === 'in_transit') && movementId !== undefined)
    run.event('withdrawalNoted', { movementId }, by);
  else run.event('journeyEnded', { ending: 'withdrawn' }, by);
}

/** What an ending leaves to do: every open request is recalled, and the household that goes on without them is notified. */
export async function settle(run: JourneyRun, ending: Ending): Promise<void> {
  const recalls = JOURNEY_REQUESTS.map((request) => recall(run, request));
  if (ending !== 'completed' && !run.state.travel.underway) {
    await run.trackInFlight(
      notify.notifyHousehold({
        householdId: run.state.householdId ?? run.householdId,
        journeyId: run.subject,
        ending,
        key: `${run.subject}:ended`,
        at: run.now(),
      }),
    );
  }
  await Promise.all(recalls);
}
