import {
  documentIsNeeded,
  documentReady,
  fit,
  fitUntil,
  lacksOnlyHealth,
  needsToAsk,
  nextLeg,
  nextNeeds,
} from '../../domain/journeys/state.ts';
import { isOnBoard } from '../../domain/journeys/statuses.ts';
import { REQUESTS } from '../../domain/requests/index.ts';
import { DAY, HOUR } from '../../domain/time.ts';
import { sendEvidence } from '../activities.ts';
import { until, waitFor } from '../waiting.ts';
import {
  appointment,
  awaitAnswer,
  awaitDecision,
  isUnhindered,
  mayAsk,
  recordStopped,
  requestWhileWanted,
  send,
} from './request.ts';
import type { JourneyRun } from './run.ts';

const { verification, document, fitness, exit_permit: exitPermit } = REQUESTS;

/*
 * What a person needs before a seat is given: nationality, document, fitness and permit. Each goes on beside the others.
 * Offices are asked for a leg that needs it, and for nothing else (`needsToAsk`).
 */

/** A consulate says whether this is a national: asked, acknowledged, answered, sometimes retracted. */
export async function verifyNationality(run: JourneyRun): Promise<never> {
  const status = () => run.state.nationality.status;
  const toAsk = () => status() === 'open' && needsToAsk(run.state, run.rules).nationality;
  const blocks = () => nextNeeds(run.state, run.rules).nationality;
  for (;;) {
    switch (status()) {
      case 'open':
        await until(run, () => toAsk() || status() !== 'open');
        await requestWhileWanted(run, verification, toAsk, () => run.state.nationality.partnerId);
        break;
      case 'requested':
        await untilVerified(run, blocks);
        break;
      case 'confirmed':
        await until(run, () => status() !== 'confirmed');
        break;
      default:
        await awaitDecision(run, verification, () => status() === 'open' || status() === 'confirmed', { blocks });
    }
  }
}

/** The consulate may request evidence first: a person provides it, and the same request goes on. */
async function untilVerified(run: JourneyRun, blocks: () => boolean): Promise<void> {
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

/** A document to travel with, where a leg asks for one: the person's own, or one from the consulate, for as long as it lasts. */
export async function secureDocuments(run: JourneyRun): Promise<never> {
  const status = () => run.state.document.status;
  const toAsk = () =>
    status() === 'none' && run.state.nationality.status === 'confirmed' && needsToAsk(run.state, run.rules).document;
  for (;;) {
    if (documentReady(run.state)) {
      await whileDocumentLasts(run);
    } else if (status() === 'none') {
      await until(run, () => toAsk() || status() !== 'none');
      await requestWhileWanted(run, document, toAsk, () => run.state.nationality.partnerId);
    } else if (status() === 'requested') {
      await awaitAnswer(run, document, () => status() !== 'requested');
    } else {
      await awaitDecision(run, document, () => !['refused', 'expired'].includes(status()));
    }
  }
}

/** Somebody is told so long before a document no longer counts. */
const NOTICE = 14 * DAY;

/** A document counts until it would end too soon after an arrival. Its end is noticed before, and is an event. */
async function whileDocumentLasts(run: JourneyRun): Promise<void> {
  const { documentId, validUntil } = run.state.document;
  const gone = () =>
    !documentReady(run.state) ||
    run.state.document.documentId !== documentId ||
    run.state.document.validUntil !== validUntil;
  const unneeded = () => !documentIsNeeded(run.state, run.rules);
  await until(run, () => gone() || !unneeded());
  if (gone() || validUntil === undefined || documentId === undefined) return until(run, gone);
  const end = validUntil - run.rules.documentValidityAfterArrival;
  const { phase } = document;
  const over = () => gone() || unneeded();
  await appointment(run, { key: 'documentEnd', phase, what: 'documentRenewal' }, end - NOTICE, over);
  if (!over() && run.now() < end)
    await waitFor(
      run,
      {
        ...{ key: 'documentRenewal', phase, what: 'documentRenewal', whom: { kind: 'role', id: document.decides } },
        rule: { due: end - run.now(), remind: null, escalate: null },
        appointment: true,
        blocks: false,
        safety: true,
      },
      over,
    );
  if (!over()) run.event('documentExpired', { documentId });
}

/** A new check is asked for this long before a finding ends, so that a delay of a day does not leave a person unfit on paper. */
const RENEW_BEFORE = 24 * HOUR;

/**
 * Fit to travel, for as long as it takes: asked as soon as the household can be asked about, a finding holds until a day,
 * and safety clocks run while an operation is suspended. A finding that ends is renewed once the household could leave
 * with it: who waits a year for a passport, or for a grandmother's, is not sent to the clinic every third day.
 */
export async function becomeFit(run: JourneyRun): Promise<never> {
  for (;;) {
    const { status, request, reviewAt } = run.state.fitness;
    if (concerned(run)) {
      await settleConcern(run);
    } else if (request) {
      await awaitAnswer(run, fitness, () => run.state.fitness.request === undefined || concerned(run), {
        safety: true,
        blocks: () => !fit(run.state),
      });
    } else if (fit(run.state)) {
      await renewFitness(run);
    } else if (status === 'unfit' && reviewAt !== undefined && run.now() < reviewAt) {
      await appointment(
        run,
        { key: 'fitnessReview', phase: fitness.phase, what: 'fitnessAnswer', blocks: true },
        reviewAt,
        () => run.state.fitness.reviewAt !== reviewAt || run.state.fitness.status !== 'unfit',
      );
    } else {
      const toExamine = () => mayBeExamined(run) && (status !== 'expired' || renewalIsOfUse(run));
      await until(run, () => concerned(run) || toExamine());
      if (!concerned(run)) await askClinic(run);
    }
  }
}

const concerned = (run: JourneyRun): boolean => run.state.fitness.concernAt !== undefined;

/** A health officer examines the person within the hour, and the clinic may be asked as well. Either settles it. */
async function settleConcern(run: JourneyRun): Promise<void> {
  if (run.state.fitness.request === undefined && mayAsk(run)) await send(run, fitness);
  await waitFor(
    run,
    {
      key: 'healthConcern',
      phase: fitness.phase,
      whom: { kind: 'role', id: fitness.decides },
      what: 'healthConcern',
      safety: true,
    },
    () => !concerned(run),
  );
}

/** An examination has a purpose once there is a leg to travel, and every member of the household could go on it. */
function mayBeExamined(run: JourneyRun): boolean {
  return isUnhindered(run) && !run.membersOpen && nextLeg(run.state) !== undefined;
}

function renewalIsOfUse(run: JourneyRun): boolean {
  return lacksOnlyHealth(run.state, run.rules) && !run.membersOpen && !run.membersUnready && !isOnBoard(run.state);
}

async function askClinic(run: JourneyRun): Promise<void> {
  const before = run.state.fitness;
  const unchanged = () => run.state.fitness === before;
  const asked = mayAsk(run);
  if (asked) {
    const told = run.membersTold;
    const sent = await send(run, fitness);
    if (sent.outcome === 'requested' || !unchanged()) return;
    if (run.isOfMembers(sent, told)) return;
    recordStopped(run, fitness, sent);
  }
  // No clinic may be asked: the operation's own health officer looks, or the clinic once it may be asked.
  await awaitDecision(run, fitness, () => !unchanged() || !mayBeExamined(run) || (!asked && mayAsk(run)), {
    safety: true,
  });
}

/** While a finding holds nothing happens; near its end a new one is asked for, and at its end it is history. */
async function renewFitness(run: JourneyRun): Promise<void> {
  const finding = run.state.fitness;
  const end = fitUntil(run.state, run.rules);
  const changed = () => run.state.fitness !== finding;
  if (end === undefined) return until(run, changed);
  const left = end - run.now();
  const { phase } = fitness;
  // An earlier run may have come to the second wait already.
  const running = run.waits.some(({ key }) => key === 'fitnessEnd');
  if (left > 0 && !running) {
    const renewal = end - Math.min(RENEW_BEFORE, left / 2);
    await appointment(run, { key: 'fitnessRenewal', phase, what: 'fitnessAnswer' }, renewal, changed);
  }
  if (changed()) return;
  let renew = run.now() < end;
  if (renew) {
    const sooner = () => changed() || renewalIsOfUse(run);
    await appointment(run, { key: 'fitnessEnd', phase, what: 'fitnessAnswer' }, end, sooner);
    if (changed()) return;
    renew = renewalIsOfUse(run);
  }
  if (renew) await askClinic(run);
  else run.event('fitnessExpired', { until: end });
}

/** The permit to leave, where a leg asks for one. A refusal is settled by a person before it is asked again. */
export async function obtainExitPermit(run: JourneyRun): Promise<never> {
  const status = () => run.state.exitPermit.status;
  const toAsk = () => status() === 'open' && needsToAsk(run.state, run.rules).exitPermit;
  for (;;) {
    switch (status()) {
      case 'requested':
        await awaitAnswer(run, exitPermit, () => status() !== 'requested');
        break;
      case 'refused':
        await awaitDecision(run, exitPermit, () => status() !== 'refused');
        break;
      case 'open':
        await until(run, () => toAsk() || status() !== 'open');
        await requestWhileWanted(run, exitPermit, toAsk);
        break;
      default: {
        const settled = status();
        await until(run, () => status() !== settled);
      }
    }
  }
}
