import type { Ending } from '../../domain/journeys/statuses.ts';
import { notify, partners } from './activities.ts';
import type { JourneyRun } from './run.ts';

/** What another ending than the last follow-up leaves to do: open requests are recalled, and the household is told. */
export async function settle(run: JourneyRun, ending: Ending): Promise<void> {
  const { nationality, document, fitness, exitPermit } = run.state;
  for (const request of [nationality.request, document.request, fitness.request, exitPermit.request]) {
    if (!request) continue;
    const { requestId } = request;
    const { recalled } = await run.trackInFlight(
      partners.recallRequest({ operationId: run.operationId, requestId, at: run.now() }),
    );
    if (recalled) run.event('requestRecalled', { requestId });
  }
  if (run.state.travel.underway) return;
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
