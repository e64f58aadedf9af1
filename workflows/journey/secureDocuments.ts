import { documentReady } from '../../domain/journey/state.ts';
import { needsOf } from '../../domain/rules.ts';
import { until, waitFor } from '../waiting.ts';
import { offices } from './activities.ts';
import { askOffice, gateMayHaveChanged, mayShare } from './asking.ts';
import type { JourneyRun } from './run.ts';

/** A document to travel with, where any stage of the route asks for one: the person's own, or one from the consulate. */
export async function secureDocuments(run: JourneyRun): Promise<void> {
  if (!needsOf(run.rules, run.state.route, run.state.routeDecided).document) return;
  for (;;) {
    const { status } = run.state.document;
    if (documentReady(run.state)) {
      await until(run, () => !documentReady(run.state));
    } else if (status === 'none') {
      await ask(run);
    } else if (status === 'requested') {
      await hearAnswer(run);
    } else {
      await waitFor(
        run,
        {
          key: 'document',
          chapter: 'secureDocuments',
          whom: { kind: 'role', id: 'consular_officer' },
          what: 'documentDecision',
        },
        () => !['refused', 'expired'].includes(run.state.document.status),
      );
    }
  }
}

async function ask(run: JourneyRun): Promise<void> {
  const confirmed = () => run.state.nationality.status === 'confirmed' && mayShare(run);
  await until(run, () => confirmed() || run.state.document.status !== 'none');
  if (run.state.document.status !== 'none') return;
  const round = run.state.document.rounds + 1;
  const { partnerId } = run.state.nationality;
  const asked = await askOffice(
    run,
    offices.requestDocument({
      journeyId: run.subject,
      operationId: run.operationId,
      round,
      at: run.now(),
      ...(partnerId === undefined ? {} : { partnerId }),
    }),
    'document',
    (question) => run.fact('documentRequested', { ...question, round }),
  );
  if (asked.outcome === 'blocked') await gateMayHaveChanged(run, 'document');
  if (asked.outcome === 'no_office') {
    await waitFor(
      run,
      {
        key: 'document',
        chapter: 'secureDocuments',
        whom: { kind: 'role', id: 'consular_officer' },
        what: 'documentDecision',
      },
      () => run.state.document.status !== 'none',
    );
  }
}

async function hearAnswer(run: JourneyRun): Promise<void> {
  const request = run.state.document.request;
  if (!request) return;
  await waitFor(
    run,
    {
      key: 'document',
      chapter: 'secureDocuments',
      whom: { kind: 'partner', id: request.partnerId },
      what: 'documentIssue',
      since: request.askedAt,
    },
    () => run.state.document.status !== 'requested',
  );
}
