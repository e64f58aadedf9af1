import type { RequestOutcome } from '../../activities/ports.ts';
import type { JourneyEvents } from '../../domain/journeys/events.ts';
import { waitFor } from '../waiting.ts';
import type { JourneyRun } from './run.ts';

/** Nothing leaves the system about somebody who has not agreed to it, or under a hold. The preconditions in the database decide. */
export function mayShare(run: JourneyRun): boolean {
  const { consent, holds } = run.state;
  return consent.status === 'given' && consent.sharing && holds.length === 0;
}

type Requested = { requestId: string; partnerId: string };

/**
 * Sends a request to a partner and records the outcome: requested (`onRequested` makes that event), blocked by the
 * preconditions, or no partner.
 */
export function requestPartner(
  run: JourneyRun,
  request: Promise<RequestOutcome>,
  what: JourneyEvents['partnerMissing']['what'],
  onRequested: (request: Requested) => void,
): Promise<RequestOutcome> {
  return run.request<RequestOutcome>(request, (outcome) => {
    if (outcome.outcome === 'requested') onRequested({ requestId: outcome.requestId, partnerId: outcome.partnerId });
    else if (outcome.outcome === 'blocked') run.event('disclosureBlocked', { reasons: outcome.reasons });
    else run.event('partnerMissing', { what });
  });
}

/** After the preconditions refused: requested again when consent or holds change, else when somebody's deadline has passed. */
export async function preconditionsMayHaveChanged(run: JourneyRun, key: string): Promise<void> {
  const { version } = run.state.consent;
  const holds = run.state.holds.join();
  const changed = () => run.state.consent.version !== version || run.state.holds.join() !== holds;
  await waitFor(
    run,
    {
      key: `${key}Blocked`,
      phase: 'verifyNationality',
      whom: { kind: 'role', id: 'coordinator' },
      what: 'nationalityDecision',
      rule: { due: run.rules.deadlines.nationalityDecision.due, remind: null, escalate: null },
      appointment: true,
    },
    changed,
  );
}
