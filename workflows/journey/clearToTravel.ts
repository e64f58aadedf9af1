import { patched } from '@temporalio/workflow';
import { fit, lacksOnlyHealth, permitReady } from '../../domain/journey/state.ts';
import { type Deadline, needsOf } from '../../domain/rules.ts';
import { HOUR, type Instant } from '../../domain/time.ts';
import { until, waitFor } from '../waiting.ts';
import { offices } from './activities.ts';
import { mayShare } from './identify.ts';
import type { JourneyRun } from './run.ts';
import { gateMayHaveChanged } from './verifyNationality.ts';

const chapter = 'clearToTravel';

/** A new check is asked for this long before a finding ends, so that a delay of a day does not leave a person unfit on paper. */
const RENEW_BEFORE = 24 * HOUR;

/**
 * So often the clinic is asked without a person having thought about it. Whoever still waits after that (some ten days
 * with findings of three) is examined again when a seat is in sight, and a health officer says when that is.
 */
const ROUNDS_BY_ITSELF = 5;

/**
 * Fit to travel on the day of travel. A check is made when nothing else is missing for the next stage, because a finding
 * holds for days; safety clocks run while an operation stands still.
 */
export async function becomeFit(run: JourneyRun): Promise<never> {
  // Journeys that began before went by another rule: the clinic was asked at once, and again for as long as it took.
  const useful = patched('check-when-nothing-else-is-missing') ? usefulNow : always;
  for (;;) {
    const { status, request, reviewAt } = run.state.fitness;
    if (request) {
      await hearFinding(run, request.partnerId, request.askedAt);
    } else if (fit(run.state)) {
      await keepFit(run, useful);
    } else if (status === 'unfit' && reviewAt !== undefined && run.now() < reviewAt) {
      await waitFor(
        run,
        {
          key: 'fitnessReview',
          chapter,
          whom: { kind: 'person', id: 'person' },
          what: 'fitnessAnswer',
          rule: { due: reviewAt - run.now(), remind: null, escalate: null },
          appointment: true,
          safety: true,
        },
        () => run.state.fitness.reviewAt !== reviewAt || run.state.fitness.status !== 'unfit',
      );
    } else {
      if (useful(run) === undefined) {
        const before = run.state.fitness;
        await until(run, () => useful(run) !== undefined || run.state.fitness !== before);
        continue;
      }
      if (useful(run) === 'clinic') await askClinic(run);
      else await askOfficer(run, run.rules.deadlines.seat);
    }
  }
}

/** Who should look at this person now; undefined where a finding of today could not be used. */
type Useful = (run: JourneyRun) => 'clinic' | 'officer' | undefined;

const always: Useful = () => 'clinic';

/** Nothing else is missing for the next stage, and the person is not on the way. */
const usefulNow: Useful = (run) => {
  if (['boarded', 'in_transit'].includes(run.state.travel.status)) return undefined;
  if (!lacksOnlyHealth(run.state, run.rules)) return undefined;
  return run.state.fitness.rounds < ROUNDS_BY_ITSELF ? 'clinic' : 'officer';
};

async function askClinic(run: JourneyRun): Promise<void> {
  if (mayShare(run)) {
    const round = run.state.fitness.rounds + 1;
    const asked = await run.ask(
      offices.requestFitness({ journeyId: run.subject, operationId: run.operationId, round, at: run.now() }),
      (outcome) => {
        if (outcome.outcome === 'asked') {
          run.fact('fitnessRequested', { requestId: outcome.requestId, partnerId: outcome.partnerId, round });
        } else if (outcome.outcome === 'blocked') {
          run.fact('disclosureBlocked', { reasons: outcome.reasons });
        } else {
          run.fact('officeMissing', { what: 'fitness' });
        }
      },
    );
    if (asked.outcome === 'asked') return;
  }
  await askOfficer(run);
}

/** Where no clinic may be asked, or it has been asked often enough, the operation's own health officer looks. */
async function askOfficer(run: JourneyRun, rule?: Deadline): Promise<void> {
  const before = run.state.fitness;
  await waitFor(
    run,
    {
      key: 'fitness',
      chapter,
      whom: { kind: 'role', id: 'health_officer' },
      what: 'fitnessAnswer',
      safety: true,
      ...(rule === undefined ? {} : { rule }),
    },
    () => run.state.fitness !== before,
  );
}

async function hearFinding(run: JourneyRun, partnerId: string, since: Instant): Promise<void> {
  await waitFor(
    run,
    {
      key: 'fitness',
      chapter,
      whom: { kind: 'partner', id: partnerId },
      what: 'fitnessAnswer',
      since,
      safety: true,
      blocks: !fit(run.state),
    },
    () => run.state.fitness.request === undefined,
  );
}

/** While a finding holds nothing happens; near its end a new one is asked for where it is of use, and at its end it is history. */
async function keepFit(run: JourneyRun, useful: Useful): Promise<void> {
  const finding = run.state.fitness;
  const { until: end } = finding;
  if (end === undefined) return until(run, () => run.state.fitness !== finding);
  const changed = () => run.state.fitness !== finding;
  const left = end - run.now();
  if (left > 0) await appointment(run, 'fitnessRenewal', left - Math.min(RENEW_BEFORE, left / 2), changed);
  const renew = () => useful(run) === 'clinic';
  if (!changed() && !renew()) await appointment(run, 'fitnessEnd', end - run.now(), () => changed() || renew());
  if (changed()) return;
  if (run.now() >= end || !renew()) run.fact('fitnessExpired', { until: end });
  else await askClinic(run);
}

/** A day in the life of a finding; it blocks nobody. @param after milliseconds from now */
async function appointment(run: JourneyRun, key: string, after: number, settled: () => boolean): Promise<void> {
  if (after <= 0) return;
  const rule = { due: after, remind: null, escalate: null };
  await waitFor(
    run,
    {
      key,
      chapter,
      whom: { kind: 'person', id: 'person' },
      what: 'fitnessAnswer',
      blocks: false,
      safety: true,
      rule,
      appointment: true,
    },
    settled,
  );
}

/** The permit to leave, where any stage of the route asks for one. A refusal is settled by a person before it is asked again. */
export async function obtainExitPermit(run: JourneyRun): Promise<void> {
  if (!needsOf(run.rules, run.state.route, run.state.routeDecided).exitPermit) return;
  while (!permitReady(run.state)) {
    const { status, request, rounds } = run.state.exitPermit;
    if (status === 'asked' && request) {
      await waitFor(
        run,
        {
          key: 'exitPermit',
          chapter,
          whom: { kind: 'partner', id: request.partnerId },
          what: 'exitPermitAnswer',
          since: request.askedAt,
        },
        () => run.state.exitPermit.status !== 'asked',
      );
    } else if (status === 'refused') {
      await waitFor(
        run,
        { key: 'exitPermit', chapter, whom: { kind: 'role', id: 'coordinator' }, what: 'exitPermitDecision' },
        () => run.state.exitPermit.status !== 'refused',
      );
    } else {
      await until(run, () => mayShare(run));
      const round = rounds + 1;
      const asked = await run.ask(
        offices.requestExitPermit({ journeyId: run.subject, operationId: run.operationId, round, at: run.now() }),
        (outcome) => {
          if (outcome.outcome === 'asked') {
            run.fact('exitPermitRequested', { requestId: outcome.requestId, partnerId: outcome.partnerId, round });
          } else if (outcome.outcome === 'blocked') {
            run.fact('disclosureBlocked', { reasons: outcome.reasons });
          } else {
            run.fact('officeMissing', { what: 'exitPermit' });
          }
        },
      );
      if (asked.outcome !== 'asked') await gateMayHaveChanged(run, 'exitPermit');
    }
  }
}
