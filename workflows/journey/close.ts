import type { Ending } from '../../domain/journeys/statuses.ts';
import { JOURNEY_REQUESTS } from '../../domain/requests/index.ts';
import { notify } from './activities.ts';
import { recall } from './request.ts';
import type { JourneyRun } from './run.ts';

/** What an ending leaves to do: every open request is recalled, and the household that goes on is notified. */
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
