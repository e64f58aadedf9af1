import { documentReady } from '../../domain/journeys/state.ts';
import { REQUESTS } from '../../domain/requests/index.ts';
import { needsOf } from '../../domain/rules.ts';
import { until } from '../waiting.ts';
import { awaitAnswer, awaitDecision, mayShare, preconditionsMayHaveChanged, send } from './request.ts';
import type { JourneyRun } from './run.ts';

const { document } = REQUESTS;

/** A document to travel with, where any leg of the route asks for one: the person's own, or one from the consulate. */
export async function secureDocuments(run: JourneyRun): Promise<void> {
  if (!needsOf(run.rules, run.state.route, run.state.routeDecided).document) return;
  const status = () => run.state.document.status;
  for (;;) {
    if (documentReady(run.state)) {
      await until(run, () => !documentReady(run.state));
    } else if (status() === 'none') {
      await request(run);
    } else if (status() === 'requested') {
      await awaitAnswer(run, document, () => status() !== 'requested');
    } else {
      await awaitDecision(run, document, () => !['refused', 'expired'].includes(status()));
    }
  }
}

async function request(run: JourneyRun): Promise<void> {
  const wanted = () => run.state.document.status === 'none';
  await until(run, () => (run.state.nationality.status === 'confirmed' && mayShare(run)) || !wanted());
  if (!wanted()) return;
  const sent = await send(run, document, run.state.nationality.partnerId);
  if (sent.outcome === 'blocked') await preconditionsMayHaveChanged(run, document);
  if (sent.outcome === 'no_partner') await awaitDecision(run, document, () => !wanted());
}
