import { patched } from '@temporalio/workflow';
import { nextNeeds, type OpenRequest } from '../../domain/journey/state.ts';
import type { Instant } from '../../domain/time.ts';
import { until, waitFor } from '../waiting.ts';
import { offices } from './activities.ts';
import { askOffice, gateMayHaveChanged, mayShare } from './asking.ts';
import type { JourneyRun } from './run.ts';

/**
 * A consulate says whether this is a national: asked, acknowledged, answered, sometimes taken back. It goes on beside
 * the way itself: where the next stage needs no nationality, a silent consulate holds nobody up.
 */
export async function verifyNationality(run: JourneyRun): Promise<never> {
  for (;;) {
    switch (run.state.nationality.status) {
      case 'open':
        await ask(run);
        break;
      case 'asked':
        await hearAnswer(run);
        break;
      case 'confirmed':
        await until(run, () => run.state.nationality.status !== 'confirmed');
        break;
      default:
        await waitFor(
          run,
          {
            key: 'nationality',
            chapter: 'verifyNationality',
            whom: { kind: 'role', id: 'consular_officer' },
            what: 'nationalityDecision',
            blocks: nextNeeds(run.state, run.rules).nationality,
          },
          () => run.state.nationality.status === 'open',
        );
    }
  }
}

async function ask(run: JourneyRun): Promise<void> {
  await until(run, () => mayShare(run));
  const { rounds, partnerId } = run.state.nationality;
  const round = rounds + 1;
  const asked = await askOffice(
    run,
    offices.requestVerification({
      journeyId: run.subject,
      operationId: run.operationId,
      round,
      at: run.now(),
      ...(partnerId === undefined ? {} : { partnerId }),
    }),
    'verification',
    (question) => run.fact('verificationRequested', { ...question, round }),
  );
  if (asked.outcome === 'blocked') await gateMayHaveChanged(run, 'verification');
}

async function hearAnswer(run: JourneyRun): Promise<void> {
  const request = run.state.nationality.request;
  if (!request) return;
  const blocks = nextNeeds(run.state, run.rules).nationality;
  const chapter = 'verifyNationality';
  const whom = { kind: 'partner', id: request.partnerId } as const;
  const still = () => run.state.nationality.request;
  const since = askedSince(request);
  const answered = () => still() === undefined || (still()?.asksFor.length ?? 0) > 0 || recalled(run);
  await Promise.all([
    waitFor(
      run,
      { key: 'acknowledgement', chapter, whom, what: 'verificationAcknowledgement', blocks: false, since },
      () => answered() || still()?.acknowledged === true,
    ),
    waitFor(run, { key: 'verification', chapter, whom, what: 'verificationAnswer', blocks, since }, answered),
  ]);
  if (recalled(run)) {
    const { requestId } = request;
    const { recalled: told } = await run.outside(
      offices.recallRequest({ operationId: run.operationId, requestId, at: run.now() }),
    );
    if (told && still()?.requestId === requestId) run.fact('requestRecalled', { requestId });
    else await until(run, () => !recalled(run));
    return;
  }
  if ((still()?.asksFor.length ?? 0) === 0) return;
  await waitFor(
    run,
    { key: 'evidence', chapter, whom: { kind: 'role', id: 'consular_officer' }, what: 'evidence', blocks },
    () => (still()?.asksFor.length ?? 0) === 0,
  );
  if (still()?.requestId !== request.requestId) return;
  await run.outside(
    offices.sendEvidence({
      journeyId: run.subject,
      operationId: run.operationId,
      requestId: request.requestId,
      kinds: still()?.evidence?.kinds ?? [],
      at: run.now(),
    }),
  );
}

/** A consulate that was given what it had asked for has its time again. */
function askedSince({ askedAt, evidence }: OpenRequest): Instant {
  return evidence !== undefined && patched('time-again-with-evidence') ? evidence.at : askedAt;
}

/** A hold or a withdrawal came while the consulate was thinking: it is told to disregard the question. */
function recalled(run: JourneyRun): boolean {
  return run.state.nationality.request !== undefined && !mayShare(run);
}
