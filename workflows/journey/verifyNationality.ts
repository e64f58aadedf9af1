import { nextNeeds, type OpenRequest } from '../../domain/journeys/state.ts';
import type { Instant } from '../../domain/time.ts';
import { until, waitFor } from '../waiting.ts';
import { partners } from './activities.ts';
import { mayShare, preconditionsMayHaveChanged, requestPartner } from './requestPartner.ts';
import type { JourneyRun } from './run.ts';

/**
 * A consulate says whether this is a national: asked, acknowledged, answered, sometimes taken back. It goes on inBackground
 * the way itself: where the next leg needs no nationality, a silent consulate holds nobody up.
 */
export async function verifyNationality(run: JourneyRun): Promise<never> {
  for (;;) {
    switch (run.state.nationality.status) {
      case 'open':
        await request(run);
        break;
      case 'requested':
        await awaitAnswer(run);
        break;
      case 'confirmed':
        await until(run, () => run.state.nationality.status !== 'confirmed');
        break;
      default:
        await waitFor(
          run,
          {
            key: 'nationality',
            phase: 'verifyNationality',
            whom: { kind: 'role', id: 'consular_officer' },
            what: 'nationalityDecision',
            blocks: nextNeeds(run.state, run.rules).nationality,
          },
          () => run.state.nationality.status === 'open',
        );
    }
  }
}

async function request(run: JourneyRun): Promise<void> {
  await until(run, () => mayShare(run));
  const { rounds, partnerId } = run.state.nationality;
  const round = rounds + 1;
  const asked = await requestPartner(
    run,
    partners.requestVerification({
      journeyId: run.subject,
      operationId: run.operationId,
      round,
      at: run.now(),
      ...(partnerId === undefined ? {} : { partnerId }),
    }),
    'verification',
    (request) => run.event('verificationRequested', { ...request, round }),
  );
  if (asked.outcome === 'blocked') await preconditionsMayHaveChanged(run, 'verification');
}

async function awaitAnswer(run: JourneyRun): Promise<void> {
  const request = run.state.nationality.request;
  if (!request) return;
  const blocks = nextNeeds(run.state, run.rules).nationality;
  const phase = 'verifyNationality';
  const whom = { kind: 'partner', id: request.partnerId } as const;
  const still = () => run.state.nationality.request;
  const since = requestedSince(request);
  const answered = () => still() === undefined || (still()?.requestedEvidence.length ?? 0) > 0 || recalled(run);
  await Promise.all([
    waitFor(
      run,
      { key: 'acknowledgement', phase, whom, what: 'verificationAcknowledgement', blocks: false, since },
      () => answered() || still()?.acknowledged === true,
    ),
    waitFor(run, { key: 'verification', phase, whom, what: 'verificationAnswer', blocks, since }, answered),
  ]);
  if (recalled(run)) {
    const { requestId } = request;
    const { recalled: confirmed } = await run.trackInFlight(
      partners.recallRequest({ operationId: run.operationId, requestId, at: run.now() }),
    );
    if (confirmed && still()?.requestId === requestId) run.event('requestRecalled', { requestId });
    else await until(run, () => !recalled(run));
    return;
  }
  if ((still()?.requestedEvidence.length ?? 0) === 0) return;
  await waitFor(
    run,
    { key: 'evidence', phase, whom: { kind: 'role', id: 'consular_officer' }, what: 'evidence', blocks },
    () => (still()?.requestedEvidence.length ?? 0) === 0,
  );
  if (still()?.requestId !== request.requestId) return;
  await run.trackInFlight(
    partners.sendEvidence({
      journeyId: run.subject,
      operationId: run.operationId,
      requestId: request.requestId,
      kinds: still()?.evidence?.kinds ?? [],
      at: run.now(),
    }),
  );
}

/** A consulate that was given what it had asked for has its time again. */
function requestedSince({ requestedAt, evidence }: OpenRequest): Instant {
  return evidence?.at ?? requestedAt;
}

/** A hold or a withdrawal came while the request was open: the request is recalled. */
function recalled(run: JourneyRun): boolean {
  return run.state.nationality.request !== undefined && !mayShare(run);
}
