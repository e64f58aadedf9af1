import { nextNeeds } from '../../domain/journeys/state.ts';
import { REQUESTS } from '../../domain/requests/index.ts';
import { sendEvidence } from '../requestActivities.ts';
import { until, waitFor } from '../waiting.ts';
import { awaitAnswer, awaitDecision, mayShare, preconditionsMayHaveChanged, send } from './request.ts';
import type { JourneyRun } from './run.ts';

const { verification } = REQUESTS;

/**
 * A consulate says whether this is a national: asked, acknowledged, answered, sometimes retracted. It goes on beside
 * the way itself: where the next leg needs no nationality, a silent consulate holds nobody up.
 */
export async function verifyNationality(run: JourneyRun): Promise<never> {
  const status = () => run.state.nationality.status;
  for (;;) {
    const blocks = nextNeeds(run.state, run.rules).nationality;
    switch (status()) {
      case 'open': {
        await until(run, () => mayShare(run));
        const sent = await send(run, verification, run.state.nationality.partnerId);
        if (sent.outcome === 'blocked') await preconditionsMayHaveChanged(run, verification);
        break;
      }
      case 'requested':
        await untilAnswered(run, blocks);
        break;
      case 'confirmed':
        await until(run, () => status() !== 'confirmed');
        break;
      default:
        await awaitDecision(run, verification, () => status() === 'open', { blocks });
    }
  }
}

/** The consulate may request evidence first: a person provides it, and the same request goes on. */
async function untilAnswered(run: JourneyRun, blocks: boolean): Promise<void> {
  const open = () => run.state.nationality.request;
  const request = open();
  const wantsEvidence = () => (open()?.requestedEvidence.length ?? 0) > 0;
  await awaitAnswer(run, verification, () => open() === undefined || wantsEvidence(), { blocks });
  if (!wantsEvidence()) return;
  const { phase, decides } = verification;
  await waitFor(
    run,
    { key: 'evidence', phase, whom: { kind: 'role', id: decides }, what: 'evidence', blocks },
    () => !wantsEvidence(),
  );
  const { requestId, evidence } = open() ?? {};
  if (requestId === undefined || requestId !== request?.requestId) return;
  await run.trackInFlight(sendEvidence({ requestId, kinds: evidence?.kinds ?? [], at: run.now() }));
}
