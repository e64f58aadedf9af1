import { fit, needsToAsk, nextLeg } from '../../domain/journeys/state.ts';
import { isOnBoard } from '../../domain/journeys/statuses.ts';
import type { DeadlineKey } from '../../domain/rules.ts';
import { whenever } from '../aggregate/live.ts';
import { until, waitFor } from '../waiting.ts';
import { appointment, isUnhindered } from './request.ts';
import type { JourneyRun } from './run.ts';

/*
 * What goes on beside the phases for as long as it holds, so that whatever stops a person is somebody's wait.
 */

const PROTECTION = { kind: 'role', id: 'protection_officer' } as const;

/** The screening found a risk: protection decides, and nothing is disclosed meanwhile. */
export const decideRisk = (run: JourneyRun): Promise<never> =>
  whenever(run, () => run.state.riskOpen, {
    key: 'riskDecision',
    whom: PROTECTION,
    what: 'riskDecision',
    safety: true,
  });

/** Each hold is looked at soon, then again and again until it is released. None ends by time. */
export async function reviewHolds(run: JourneyRun): Promise<never> {
  const held = () => run.state.holds.length > 0;
  const toTriage = () => run.state.holdTriage.length > 0;
  const urgent = () => run.state.holdTriage.some((hold) => hold.urgent);
  const look = (key: string, what: DeadlineKey, since: number | undefined, done: () => boolean) =>
    waitFor(
      run,
      {
        ...{ key, what, phase: run.phase ?? '', whom: PROTECTION, safety: true },
        ...(since !== undefined && { since }),
      },
      done,
    );
  for (;;) {
    await until(run, held);
    if (toTriage()) {
      const hurry = urgent();
      const since = Math.min(...run.state.holdTriage.map((hold) => hold.since));
      await look(
        'holdTriage',
        hurry ? 'urgentHoldTriage' : 'holdTriage',
        since,
        () => !toTriage() || urgent() !== hurry,
      );
    } else {
      const since = run.state.holdsReviewedAt;
      await look(
        'holdReview',
        run.state.child ? 'childHoldReview' : 'holdReview',
        since,
        () => !held() || toTriage() || run.state.holdsReviewedAt !== since,
      );
    }
  }
}

/** Consent is confirmed again before it is too old for a seat. */
export async function keepConsent(run: JourneyRun): Promise<never> {
  const given = () => run.state.consent.status === 'given' && !isOnBoard(run.state);
  for (;;) {
    await until(run, given);
    const { version, confirmedAt = run.now() } = run.state.consent;
    const changed = () => run.state.consent.version !== version || !given();
    const tooOld = confirmedAt + run.rules.consentMaxAge;
    const asked = tooOld - run.rules.deadlines.consentConfirmation.due;
    await appointment(run, { key: 'consentAge', phase: 'consent', what: 'consentConfirmation' }, asked, changed);
    if (changed()) continue;
    await waitFor(
      run,
      {
        ...{ key: 'consentConfirmation', phase: 'consent', what: 'consentConfirmation', since: asked },
        whom: { kind: 'role', id: 'case_worker' },
        blocks: () => run.now() >= tooOld,
      },
      changed,
    );
  }
}

/** The person has not agreed that offices are asked, and the way needs something of one. */
export const agreeToShare = (run: JourneyRun): Promise<never> =>
  whenever(run, () => isUnhindered(run) && !run.state.consent.sharing && needsOffices(run), {
    ...{ key: 'sharing', what: 'sharingDecision' },
    whom: { kind: 'role', id: 'case_worker' },
  });

/** Nothing is requested for anybody while a member of the household is not screened, has not consented or is under a hold. */
export const awaitMembers = (run: JourneyRun): Promise<never> =>
  whenever(
    run,
    () =>
      isUnhindered(run) &&
      nextLeg(run.state) !== undefined &&
      (run.membersOpen
        ? needsOffices(run) || !fit(run.state)
        : run.membersUnready && run.state.fitness.status === 'expired'),
    { key: 'members', what: 'householdMembers', whom: { kind: 'household', id: 'household' } },
  );

const needsOffices = (run: JourneyRun): boolean => Object.values(needsToAsk(run.state, run.rules)).some(Boolean);
