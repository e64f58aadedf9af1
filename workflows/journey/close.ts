import { ENDINGS, type Ending } from '../../domain/journeys/statuses.ts';
import type { Command } from '../messages.ts';
import { notify, partners } from './activities.ts';
import type { JourneyRun } from './run.ts';

/**
 * The person withdraws. Before boarding the journey ends under its name and the seat is free at once; on board they
 * are carried to the next stop, nothing more is shared, and the journey ends there.
 */
export function withdraw(
  run: JourneyRun,
  by: Pick<Command<unknown>, 'commandId' | 'actor' | 'reasonCode' | 'noteId'>,
): void {
  const { status, movementId } = run.state.travel;
  run.event('consentWithdrawn', { version: run.state.consent.version + 1 }, by);
  if ((status === 'boarded' || status === 'in_transit') && movementId !== undefined)
    run.event('withdrawalNoted', { movementId }, by);
  else run.event('journeyEnded', { ending: 'withdrawn' }, by);
}

/** What an ending leaves to do: requests that are open are recalled, and the household firstSeen of it. */
export async function close(run: JourneyRun): Promise<Ending> {
  const { ending } = run.state;
  if (ending === undefined) run.event('journeyEnded', { ending: 'completed' });
  else await settle(run, ending);
  await run.drained();
  return run.state.ending ?? ENDINGS[0];
}

async function settle(run: JourneyRun, ending: Ending): Promise<void> {
  const { nationality, document, fitness, exitPermit } = run.state;
  for (const request of [nationality.request, document.request, fitness.request, exitPermit.request]) {
    if (!request) continue;
    const { requestId } = request;
    const { recalled } = await run.inFlightDuring(
      partners.recallRequest({ operationId: run.operationId, requestId, at: run.now() }),
    );
    if (recalled) run.event('requestRecalled', { requestId });
  }
  if (run.state.travel.underway) return;
  await run.inFlightDuring(
    notify.notifyHousehold({
      householdId: run.state.householdId ?? run.householdId,
      journeyId: run.subject,
      ending,
      key: `${run.subject}:ended`,
      at: run.now(),
    }),
  );
}
