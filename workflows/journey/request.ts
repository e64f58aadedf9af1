import type { SendOutcome } from '../../activities/requests.ts';
import { JOURNEY_REQUESTS, type JourneyRequest, type RequestDefinition } from '../../domain/requests/index.ts';
import { recallRequest } from '../activities.ts';
import { until, type WaitSpec, waitFor } from '../waiting.ts';
import type { JourneyRun } from './run.ts';

/*
 * The lifecycle of a request about a person, the same for every kind: sent, awaited, decided by a person where nobody
 * answers, recalled. What differs stands in the definition of the kind (domain/requests).
 */

/** Nothing leaves the system about somebody who has not agreed to it, or under a hold. The preconditions in the database decide. */
export function mayShare(run: JourneyRun): boolean {
  const { consent, holds } = run.state;
  return consent.status === 'given' && consent.sharing && holds.length === 0;
}

/**
 * Sends the next request of this kind, and records what came of it: that the partner has it, that the preconditions
 * forbid it, or that there is no partner.
 */
export function send(run: JourneyRun, { kind, journey }: JourneyRequest, partnerId?: string): Promise<SendOutcome> {
  const round = journey.rounds(run.state) + 1;
  return run.request({ kind, round, ...(partnerId !== undefined && { partnerId }) }, (sent) => {
    if (sent.outcome === 'requested')
      run.event(journey.requested, { requestId: sent.requestId, partnerId: sent.partnerId, round });
    else if (sent.outcome === 'blocked') run.event('disclosureBlocked', { reasons: sent.reasons });
    else run.event('partnerMissing', { what: journey.missing });
  });
}

/** After a refusal of the preconditions: asked again when consent or holds change, else when the deadline has passed. */
export async function preconditionsMayHaveChanged(run: JourneyRun, request: JourneyRequest): Promise<void> {
  const { version } = run.state.consent;
  const holds = run.state.holds.join();
  const { what } = request.waits.decision;
  await waitFor(
    run,
    {
      key: `${request.journey.missing}Blocked`,
      phase: request.phase,
      whom: { kind: 'role', id: 'coordinator' },
      what,
      rule: { due: run.rules.deadlines[what].due, remind: null, escalate: null },
      appointment: true,
    },
    () => run.state.consent.version !== version || run.state.holds.join() !== holds,
  );
}

/** Waits for the partner, with a wait of its own for the acknowledgement where the kind has one. */
export async function awaitAnswer(
  run: JourneyRun,
  { phase, waits, journey }: JourneyRequest,
  answered: () => boolean,
  more: Partial<WaitSpec> = {},
): Promise<void> {
  const request = journey.open(run.state);
  if (!request) return;
  const whom = { kind: 'partner', id: request.partnerId } as const;
  // A partner that was given what it had asked for has its time again.
  const since = request.evidence?.at ?? request.requestedAt;
  const acknowledged = () => answered() || journey.open(run.state)?.acknowledged === true;
  await Promise.all([
    waits.acknowledgement
      ? waitFor(run, { ...waits.acknowledgement, phase, whom, since, blocks: false }, acknowledged)
      : undefined,
    waitFor(run, { ...waits.answer, phase, whom, since, ...more }, answered),
  ]);
}

/** Waits for the person who decides about this kind of request; silence decides nothing. */
export function awaitDecision(
  run: JourneyRun,
  { phase, waits, decides }: Extract<RequestDefinition, { about: 'person' }>,
  decided: () => boolean,
  more: Partial<WaitSpec> = {},
): Promise<void> {
  return waitFor(run, { ...waits.decision, phase, whom: { kind: 'role', id: decides }, ...more }, decided);
}

/** Recalls the open request of this kind. False where the partner does not take the recall. */
export async function recall(run: JourneyRun, { journey }: JourneyRequest): Promise<boolean> {
  const requestId = journey.open(run.state)?.requestId;
  if (requestId === undefined) return true;
  const { recalled } = await run.trackInFlight(recallRequest({ requestId, at: run.now() }));
  if (recalled && journey.open(run.state)?.requestId === requestId) run.event('requestRecalled', { requestId });
  return recalled;
}

/** A hold or a withdrawal recalls the open request of every kind, in whatever phase the person is. */
export const RECALLED_IN_BACKGROUND = JOURNEY_REQUESTS.map((request) => async (run: JourneyRun): Promise<never> => {
  const open = () => request.journey.open(run.state)?.requestId;
  for (;;) {
    await until(run, () => !run.over() && !mayShare(run) && open() !== undefined);
    const requestId = open();
    // An ending does not wait for a partner that cannot be reached: it recalls for itself.
    await Promise.race([recall(run, request), until(run, () => false)]);
    await until(run, () => mayShare(run) || open() !== requestId);
  }
});
