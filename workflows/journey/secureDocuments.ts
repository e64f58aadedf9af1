import { documentReady } from '../../domain/journeys/state.ts';
import { needsOf } from '../../domain/rules.ts';
import { until, waitFor } from '../waiting.ts';
import { partners } from './activities.ts';
import { mayShare, preconditionsMayHaveChanged, requestPartner } from './requestPartner.ts';
import type { JourneyRun } from './run.ts';

/** A document to travel with, where any leg of the route asks for one: the person's own, or one from the consulate. */
export async function secureDocuments(run: JourneyRun): Promise<void> {
  if (!needsOf(run.rules, run.state.route, run.state.routeDecided).document) return;
  for (;;) {
    const { status } = run.state.document;
    if (documentReady(run.state)) {
      await until(run, () => !documentReady(run.state));
    } else if (status === 'none') {
      await request(run);
    } else if (status === 'requested') {
      await awaitAnswer(run);
    } else {
      await waitFor(
        run,
        {
          key: 'document',
          phase: 'secureDocuments',
          whom: { kind: 'role', id: 'consular_officer' },
          what: 'documentDecision',
        },
        () => !['refused', 'expired'].includes(run.state.document.status),
      );
    }
  }
}

async function request(run: JourneyRun): Promise<void> {
  const confirmed = () => run.state.nationality.status === 'confirmed' && mayShare(run);
  await until(run, () => confirmed() || run.state.document.status !== 'none');
  if (run.state.document.status !== 'none') return;
  const round = run.state.document.rounds + 1;
  const { partnerId } = run.state.nationality;
  const asked = await requestPartner(
    run,
    partners.requestDocument({
      journeyId: run.subject,
      operationId: run.operationId,
      round,
      at: run.now(),
      ...(partnerId === undefined ? {} : { partnerId }),
    }),
    'document',
    (request) => run.event('documentRequested', { ...request, round }),
  );
  if (asked.outcome === 'blocked') await preconditionsMayHaveChanged(run, 'document');
  if (asked.outcome === 'no_partner') {
    await waitFor(
      run,
      {
        key: 'document',
        phase: 'secureDocuments',
        whom: { kind: 'role', id: 'consular_officer' },
        what: 'documentDecision',
      },
      () => run.state.document.status !== 'none',
    );
  }
}

async function awaitAnswer(run: JourneyRun): Promise<void> {
  const request = run.state.document.request;
  if (!request) return;
  await waitFor(
    run,
    {
      key: 'document',
      phase: 'secureDocuments',
      whom: { kind: 'partner', id: request.partnerId },
      what: 'documentIssue',
      since: request.requestedAt,
    },
    () => run.state.document.status !== 'requested',
  );
}
