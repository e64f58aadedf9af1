import { REQUESTS } from '../../domain/requests/index.ts';
import { waitFor } from '../waiting.ts';
import { awaitDecision, mayShare } from './request.ts';
import type { JourneyRun } from './run.ts';

const { registry } = REQUESTS;

/** Who is this? The registry is asked where the person agreed to it; else, and where it cannot say, a case worker looks. */
export async function identify(run: JourneyRun): Promise<void> {
  const known = () => run.state.identity === 'confirmed';
  if (run.state.identity === 'unknown' && mayShare(run)) {
    const request = run.request({ kind: registry.kind, round: 1 }, (sent) => {
      if (known()) return;
      const answer = sent.outcome === 'requested' ? sent.answer : undefined;
      const outcome = answer?.kind === 'registry' ? answer.outcome : 'no_registry';
      if (sent.outcome === 'requested' && outcome === 'match') {
        const by = { at: run.moment(sent.at), actor: { kind: 'partner', id: sent.partnerId } } as const;
        run.event('identityConfirmed', { by: 'registry', requestId: sent.requestId }, by);
      } else run.event('identityUnclear', { outcome: outcome === 'match' ? 'no_registry' : outcome });
    });
    const { phase, waits } = registry;
    await waitFor(
      run,
      { ...waits.answer, phase, whom: { kind: 'partner', id: 'registry' } },
      () => run.state.identity !== 'unknown',
    );
    await request;
  }
  await awaitDecision(run, registry, known);
}

/** Counselled alone and screened for risks, by a person; it comes before any partner of another State firstSeen of them. */
export async function screen(run: JourneyRun): Promise<void> {
  await waitFor(
    run,
    { key: 'screening', phase: 'screen', whom: { kind: 'role', id: 'case_worker' }, what: 'screening', safety: true },
    () => run.state.screened,
  );
}

/** The person says yes or no, and what may be shared. A refusal that stands in a list is confirmed by a person too. */
export async function consent(run: JourneyRun): Promise<void> {
  await waitFor(
    run,
    { key: 'consent', phase: 'consent', whom: { kind: 'role', id: 'case_worker' }, what: 'consentDecision' },
    () => run.state.consent.status === 'given',
  );
}
