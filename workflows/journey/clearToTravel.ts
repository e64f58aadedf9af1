import { fit, lacksOnlyHealth, permitReady } from '../../domain/journeys/state.ts';
import { REQUESTS } from '../../domain/requests/index.ts';
import { needsOf } from '../../domain/rules.ts';
import { HOUR } from '../../domain/time.ts';
import { until, waitFor } from '../waiting.ts';
import { awaitAnswer, awaitDecision, mayShare, preconditionsMayHaveChanged, send } from './request.ts';
import type { JourneyRun } from './run.ts';

const { fitness, exit_permit: exitPermit } = REQUESTS;
const { phase } = fitness;

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
    if (request) {
      await awaitAnswer(run, fitness, () => run.state.fitness.request === undefined, {
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
          phase,
          whom: { kind: 'person', id: 'person' },
          what: 'fitnessAnswer',
          rule: { due: reviewAt - run.now(), remind: null, escalate: null },
          appointment: true,
          safety: true,
        },
        () => run.state.fitness.reviewAt !== reviewAt || run.state.fitness.status !== 'unfit',
      );
    } else {
      if (status === 'expired') await until(run, () => renewalIsOfUse(run));
      await askClinic(run);
    }
  }
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
      phase,
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
