import { REQUESTS } from '../../domain/requests/index.ts';
import { until, waitFor } from '../waiting.ts';
import { awaitDecision, mayShare } from './request.ts';
import type { JourneyRun } from './run.ts';

const { registry } = REQUESTS;

/** Counselled alone and screened for risks, by a person; no office is told of them before, the registry neither. */
export async function screen(run: JourneyRun): Promise<void> {
  await waitFor(
    run,
    { key: 'screening', phase: 'screen', whom: { kind: 'role', id: 'case_worker' }, what: 'screening', safety: true },
    () => run.state.screened,
  );
}

/**
 * Who is this? The registry is asked once the person is screened and has agreed to it; else, and where it cannot say, a
 * case worker looks. A case worker may confirm it at any time: then nobody waits for a registry that is down.
 */
export async function identify(run: JourneyRun): Promise<void> {
  const known = () => run.state.identity === 'confirmed';
  const toAsk = () => run.state.identity === 'unknown' && mayShare(run);
  await until(run, () => known() || run.state.screened);
  while (!known()) {
    if (toAsk()) await askRegistry(run);
    else await awaitDecision(run, registry, () => known() || toAsk());
  }
}

async function askRegistry(run: JourneyRun): Promise<void> {
  const open = () => run.state.identity === 'unknown';
  const request = run.request({ kind: registry.kind, round: 1 }, (sent) => {
    if (!open()) return;
    const answer = sent.outcome === 'requested' ? sent.answer : undefined;
    const outcome = answer?.kind === 'registry' ? answer.outcome : 'no_registry';
    if (sent.outcome === 'requested' && outcome === 'match') {
      const by = { at: run.moment(sent.at), actor: { kind: 'partner', id: sent.partnerId } } as const;
      run.event('identityConfirmed', { by: 'registry', requestId: sent.requestId }, by);
    } else run.event('identityUnclear', { outcome: outcome === 'match' ? 'no_registry' : outcome });
  });
  // What it answers after somebody has confirmed the identity is nobody's wait any more.
  request.catch(() => {});
  const { phase, waits } = registry;
  await waitFor(run, { ...waits.answer, phase, whom: { kind: 'partner', id: 'registry' } }, () => !open());
}

/** The person says yes or no, and what may be shared. A refusal that stands in a list is confirmed by a person too. */
export async function consent(run: JourneyRun): Promise<void> {
  await waitFor(
    run,
    { key: 'consent', phase: 'consent', whom: { kind: 'role', id: 'case_worker' }, what: 'consentDecision' },
    () => run.state.consent.status === 'given',
  );
}
