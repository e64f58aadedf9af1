import { documentReady, fit, lacksOnlyHealth, nextNeeds, permitReady } from '../../domain/journeys/state.ts';
import { REQUESTS } from '../../domain/requests/index.ts';
import { needsOf } from '../../domain/rules.ts';
import { HOUR } from '../../domain/time.ts';
import { sendEvidence } from '../activities.ts';
import { until, waitFor } from '../waiting.ts';
import { awaitAnswer, awaitDecision, mayShare, preconditionsMayHaveChanged, send } from './request.ts';
import type { JourneyRun } from './run.ts';

const { verification, document, fitness, exit_permit: exitPermit } = REQUESTS;

/*
 * What a person needs before a seat is given: nationality, document, fitness and permit. Each goes on beside the others.
 */

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
        await untilVerified(run, blocks);
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
async function untilVerified(run: JourneyRun, blocks: boolean): Promise<void> {
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

/** A document to travel with, where any leg of the route asks for one: the person's own, or one from the consulate. */
export async function secureDocuments(run: JourneyRun): Promise<void> {
  if (!needsOf(run.rules, run.state.route, run.state.routeDecided).document) return;
  const status = () => run.state.document.status;
  for (;;) {
    if (documentReady(run.state)) {
      await until(run, () => !documentReady(run.state));
    } else if (status() === 'none') {
      await requestDocument(run);
    } else if (status() === 'requested') {
      await awaitAnswer(run, document, () => status() !== 'requested');
    } else {
      await awaitDecision(run, document, () => !['refused', 'expired'].includes(status()));
    }
  }
}

async function requestDocument(run: JourneyRun): Promise<void> {
  const wanted = () => run.state.document.status === 'none';
  await until(run, () => (run.state.nationality.status === 'confirmed' && mayShare(run)) || !wanted());
  if (!wanted()) return;
  const sent = await send(run, document, run.state.nationality.partnerId);
  if (sent.outcome === 'blocked') await preconditionsMayHaveChanged(run, document);
  if (sent.outcome === 'no_partner') await awaitDecision(run, document, () => !wanted());
}

/** A new check is asked for this long before a finding ends, so that a delay of a day does not leave a person unfit on paper. */
const RENEW_BEFORE = 24 * HOUR;

/**
 * Fit to travel, for as long as it takes: the first check waits for nothing, a finding holds until a day, and safety
 * clocks run while an operation is suspended. A finding that ends is renewed once the person could leave with it: who
 * waits a year for a passport is not sent to the clinic every third day.
 */
export async function becomeFit(run: JourneyRun): Promise<never> {
  for (;;) {
    const { status, request, reviewAt } = run.state.fitness;
    if (concerned(run)) {
      await settleConcern(run);
    } else if (request) {
      await awaitAnswer(run, fitness, () => run.state.fitness.request === undefined || concerned(run), {
        safety: true,
        blocks: !fit(run.state),
      });
    } else if (fit(run.state)) {
      await renewFitness(run);
    } else if (status === 'unfit' && reviewAt !== undefined && run.now() < reviewAt) {
      await waitFor(
        run,
        {
          key: 'fitnessReview',
          phase: fitness.phase,
          whom: { kind: 'person', id: 'person' },
          what: 'fitnessAnswer',
          rule: { due: reviewAt - run.now(), remind: null, escalate: null },
          appointment: true,
          safety: true,
        },
        () => run.state.fitness.reviewAt !== reviewAt || run.state.fitness.status !== 'unfit',
      );
    } else {
      if (status === 'expired') await until(run, () => renewalIsOfUse(run) || concerned(run));
      if (!concerned(run)) await askClinic(run);
    }
  }
}

const concerned = (run: JourneyRun): boolean => run.state.fitness.concernAt !== undefined;

/** A health officer examines the person within the hour, and the clinic may be asked as well. Either settles it. */
async function settleConcern(run: JourneyRun): Promise<void> {
  if (run.state.fitness.request === undefined && mayShare(run)) await send(run, fitness);
  await waitFor(
    run,
    {
      key: 'healthConcern',
      phase: fitness.phase,
      whom: { kind: 'role', id: fitness.decides },
      what: 'healthConcern',
      blocks: true,
      safety: true,
    },
    () => !concerned(run),
  );
}

function renewalIsOfUse(run: JourneyRun): boolean {
  return lacksOnlyHealth(run.state, run.rules) && !['boarded', 'in_transit'].includes(run.state.travel.status);
}

async function askClinic(run: JourneyRun): Promise<void> {
  const before = run.state.fitness;
  const shared = mayShare(run);
  if (shared && (await send(run, fitness)).outcome === 'requested') return;
  // No clinic may be asked: the operation's own health officer looks, or the clinic once it may be asked.
  await awaitDecision(run, fitness, () => run.state.fitness !== before || (!shared && mayShare(run)), { safety: true });
}

/** While a finding holds nothing happens; near its end a new one is asked for, and at its end it is history. */
async function renewFitness(run: JourneyRun): Promise<void> {
  const finding = run.state.fitness;
  const { until: end } = finding;
  const changed = () => run.state.fitness !== finding;
  if (end === undefined) return until(run, changed);
  const left = end - run.now();
  // An earlier run may have come to the second wait already.
  const running = run.waits.some(({ key }) => key === 'fitnessEnd');
  if (left > 0 && !running) {
    await appointment(run, 'fitnessRenewal', left - Math.min(RENEW_BEFORE, left / 2), changed);
  }
  if (changed()) return;
  let renew = run.now() < end;
  if (renew) {
    await appointment(run, 'fitnessEnd', end - run.now(), () => changed() || renewalIsOfUse(run));
    if (changed()) return;
    renew = renewalIsOfUse(run);
  }
  if (renew) await askClinic(run);
  else run.event('fitnessExpired', { until: end });
}

function appointment(run: JourneyRun, key: string, due: number, sooner: () => boolean): Promise<void> {
  return waitFor(
    run,
    {
      key,
      phase: fitness.phase,
      whom: { kind: 'person', id: 'person' },
      what: 'fitnessAnswer',
      blocks: false,
      safety: true,
      rule: { due, remind: null, escalate: null },
      appointment: true,
    },
    sooner,
  );
}

/** The permit to leave, where any leg of the route asks for one. A refusal is settled by a person before it is asked again. */
export async function obtainExitPermit(run: JourneyRun): Promise<void> {
  if (!needsOf(run.rules, run.state.route, run.state.routeDecided).exitPermit) return;
  const status = () => run.state.exitPermit.status;
  while (!permitReady(run.state)) {
    if (status() === 'requested') {
      await awaitAnswer(run, exitPermit, () => status() !== 'requested');
    } else if (status() === 'refused') {
      await awaitDecision(run, exitPermit, () => status() !== 'refused');
    } else {
      await until(run, () => mayShare(run));
      if ((await send(run, exitPermit)).outcome !== 'requested') await preconditionsMayHaveChanged(run, exitPermit);
    }
  }
}
