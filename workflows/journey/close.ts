import type { Ending } from '../../domain/journeys/statuses.ts';
import type { By } from '../aggregate/commands.ts';
import { notify, partners } from './activities.ts';
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
