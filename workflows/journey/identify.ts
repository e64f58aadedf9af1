import { waitFor } from '../waiting.ts';
import { partners } from './activities.ts';
import { mayShare } from './requestPartner.ts';
import type { JourneyRun } from './run.ts';

/** Who is this? The registry is asked where the person agreed to it; else, and where it cannot notify, a case worker looks. */
export async function identify(run: JourneyRun): Promise<void> {
  const known = () => run.state.identity === 'confirmed';
  if (run.state.identity === 'unknown' && mayShare(run)) {
    const request = run.request(
      partners.lookUpIdentity({ journeyId: run.subject, operationId: run.operationId, round: 1, at: run.now() }),
      (found) => {
        if (known()) return;
        if (found.outcome === 'match') {
          const { requestId, partnerId, at } = found;
          run.event(
            'identityConfirmed',
            { by: 'registry', requestId },
            { at: run.moment(at), actor: { kind: 'partner', id: partnerId } },
          );
        } else {
          run.event('identityUnclear', {
            outcome: found.outcome === 'not_found' || found.outcome === 'several' ? found.outcome : 'no_registry',
          });
        }
      },
    );
    await waitFor(
      run,
      { key: 'identity', phase: 'identify', whom: { kind: 'partner', id: 'registry' }, what: 'registryAnswer' },
      () => run.state.identity !== 'unknown',
    );
    await request;
  }
  await waitFor(
    run,
    { key: 'identity', phase: 'identify', whom: { kind: 'role', id: 'case_worker' }, what: 'identityDecision' },
    known,
  );
}
