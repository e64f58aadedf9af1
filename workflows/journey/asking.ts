import type { AskOutcome } from '../../activities/ports.ts';
import type { JourneyFacts } from '../../domain/journey/facts.ts';
import { waitFor } from '../waiting.ts';
import type { JourneyRun } from './run.ts';

/** Nothing leaves the house about somebody who has not agreed to it, or under a hold. The gate has the last word. */
export function mayShare(run: JourneyRun): boolean {
  const { consent, holds } = run.state;
  return consent.status === 'given' && consent.sharing && holds.length === 0;
}

type Asked = { requestId: string; partnerId: string };

/**
 * Puts a question to an office, and records what came of it: that it was asked (`asked` makes that fact), that the gate
 * said no, or that there is nobody to ask.
 */
export function askOffice(
  run: JourneyRun,
  question: Promise<AskOutcome>,
  what: JourneyFacts['officeMissing']['what'],
  asked: (question: Asked) => void,
): Promise<AskOutcome> {
  return run.ask<AskOutcome>(question, (outcome) => {
    if (outcome.outcome === 'asked') asked({ requestId: outcome.requestId, partnerId: outcome.partnerId });
    else if (outcome.outcome === 'blocked') run.fact('disclosureBlocked', { reasons: outcome.reasons });
    else run.fact('officeMissing', { what });
  });
}

/** After a refusal of the gate: asked again when consent or holds change, else when somebody's deadline has passed. */
export async function gateMayHaveChanged(run: JourneyRun, key: string): Promise<void> {
  const { version } = run.state.consent;
  const holds = run.state.holds.join();
  const changed = () => run.state.consent.version !== version || run.state.holds.join() !== holds;
  await waitFor(
    run,
    {
      key: `${key}Blocked`,
      chapter: 'verifyNationality',
      whom: { kind: 'role', id: 'coordinator' },
      what: 'nationalityDecision',
      rule: { due: run.rules.deadlines.nationalityDecision.due, remind: null, escalate: null },
      appointment: true,
    },
    changed,
  );
}
