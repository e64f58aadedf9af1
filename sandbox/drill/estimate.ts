import { HOUR, type Instant } from '../../domain/time.ts';
import { sailingOf } from '../partners/carrier.ts';
import type { Answers, ListedPerson, PlannedMovement, Scenario } from '../scenarioData.ts';
import { instant } from '../scenarioData.ts';
import { leftToVisitor, legsOf, needsOfLeg, serves } from './policy.ts';

/** From a registration, or from the start of the clock, until the requests are out: registry, screening, consent. */
const INTAKE = 6 * HOUR;
const DOCUMENT = 25 * HOUR;
/** A decision of staff, evidence brought, a household asked whether it goes on. */
const DECISION = 3 * HOUR;
const EXAMINATION = 2 * HOUR;
/** Who is ready later than this before a departure is taken with the next. */
const LAST_CALL = 4 * HOUR;

/** When a household is ready for a leg and where it goes; for planning only: the system decides who travels. */
export type Expectation = {
  householdRef: string;
  head: string;
  people: number;
  stretchers: number;
  /** by leg in order; undefined: never, as far as answers are known */
  readyFor: Map<string, Instant>;
};

export type Trip = { leg: string; people: number; departsAt: Instant; arrivesAt: Instant; last: boolean };
export type LeftOver = {
  leg: string;
  head: string;
  people: number;
  stretchers: number;
  readyAt: Instant;
  householdRef: string;
};

/** When each household is ready for each leg of its route, from the answers of the scenario. */
export function expectations(scenario: Scenario, clockStart: Instant): Expectation[] {
  const left = leftToVisitor(scenario);
  const byHousehold = Map.groupBy(scenario.people, (person) => person.householdRef);
  return [...byHousehold].map(([householdRef, members]) => {
    const head = (members.find((member) => member.relationship === 'HEAD') ?? members[0])?.nationality ?? '';
    const legs = legsOf(scenario.movements).filter((leg) =>
      scenario.movements.some((movement) => movement.stage === leg && serves(movement, head)),
    );
    const readyFor = new Map<string, Instant>();
    let readyBefore = 0;
    for (const leg of legs) {
      const needs = needsOfLeg(leg, scenario.movements);
      const moments = members
        .filter((member) => member.consent !== 'refused')
        .map((member) => readiness(member, scenario.answers.get(member.personRef), needs, clockStart));
      const late = left.includes(householdRef) || moments.includes(undefined) || moments.length === 0;
      if (late) break;
      readyBefore = Math.max(readyBefore, ...moments.map((moment) => moment ?? 0));
      readyFor.set(leg, readyBefore);
    }
    const travelling = members.filter((member) => member.consent !== 'refused');
    const stretchers = travelling.filter((member) => mayNeedStretcher(scenario.answers.get(member.personRef))).length;
    return { householdRef, head, people: travelling.length, stretchers, readyFor };
  });
}

/** When a member no longer holds the household up for a leg: ready, or ended. Undefined: never. */
function readiness(
  person: ListedPerson,
  answers: Answers | undefined,
  needs: ReturnType<typeof needsOfLeg>,
  clockStart: Instant,
): Instant | undefined {
  if (!answers) return undefined;
  if (answers.because?.some((reason) => !reason.startsWith('CONSENT_')) === true) return undefined;
  const asked = Math.max(person.registeredAt, clockStart) + INTAKE;
  const moments: Instant[] = [fitAt(answers, asked)];
  if (person.consent === 'pending') moments.push(asked + DECISION);
  if (needs.nationality) {
    if (person.consent === 'pending') return undefined;
    const settled = nationalitySettled(answers, asked);
    if (settled === undefined) return undefined;
    moments.push(settled + DOCUMENT);
  }
  if (needs.exitPermit) {
    const { answer, after_hours: hours = 1 } = answers.exit_permit;
    if (person.consent === 'pending' || answer === 'silent' || answer === 'refused') return undefined;
    moments.push(asked + hours * HOUR);
  }
  return Math.max(...moments);
}

function fitAt({ fitness }: Answers, asked: Instant): Instant {
  return asked + EXAMINATION + (fitness.result === 'unfit' ? fitness.review_after_hours * HOUR + EXAMINATION : 0);
}

/** When a consulate, or another State's, has said its last word: the person goes on with it, or the others without them. */
function nationalitySettled({ asked_state: state, consulate }: Answers, asked: Instant): Instant | undefined {
  if (state === null) return asked + DECISION;
  let at = asked + (consulate.after_hours ?? 0) * HOUR;
  let outcome: string = consulate.outcome;
  if (outcome === 'more_info') {
    outcome = consulate.then?.outcome ?? 'silent';
    at += DECISION + (consulate.then?.after_hours ?? 0) * HOUR;
  }
  if (outcome === 'silent') return undefined;
  if (outcome === 'confirmed') return at;
  const other = consulate.other_state;
  if (!other) return at + DECISION;
  return other.outcome === 'silent' ? undefined : at + 2 * DECISION + (other.after_hours ?? 0) * HOUR;
}

function mayNeedStretcher(answers: Answers | undefined): boolean {
  return answers?.fitness.result === 'fit_with' && answers.fitness.conditions?.includes('STRETCHER') === true;
}

type Vehicle = {
  movement: PlannedMovement;
  departsAt: Instant;
  stops: ReadonlyArray<{ code: string; afterDeparture: number }>;
  seats: number;
  stretchers: number;
};

/**
 * Who probably travels with which listed movement, and who is left over at which leg, from when. `already`: arrivals
 * of an earlier leg by movements that are in no list.
 */
export function probableTrips(
  scenario: Scenario,
  households: readonly Expectation[],
  leg: string,
  arrivedBefore: ReadonlyMap<string, Instant>,
): { trips: Trip[]; leftOver: LeftOver[]; arrived: Map<string, Instant> } {
  const trips: Trip[] = [];
  const arrived = new Map<string, Instant>();
  const vehicles = scenario.movements
    .filter((movement) => movement.stage === leg)
    .map(vehicleOf)
    .filter((vehicle) => vehicle !== undefined);
  const waiting = households
    .filter((household) => household.readyFor.has(leg) && arrivedBefore.has(household.householdRef))
    .map((household) => ({
      household,
      readyAt: Math.max(household.readyFor.get(leg) ?? 0, arrivedBefore.get(household.householdRef) ?? 0),
    }))
    .sort((a, b) => a.readyAt - b.readyAt);
  const seated = new Set<string>();
  for (const vehicle of vehicles.sort((a, b) => a.departsAt - b.departsAt)) {
    for (const { household, readyAt } of waiting) {
      if (seated.has(household.householdRef) || readyAt > vehicle.departsAt - LAST_CALL) continue;
      if (
        !serves(vehicle.movement, household.head) ||
        household.people > vehicle.seats ||
        household.stretchers > vehicle.stretchers
      )
        continue;
      vehicle.seats -=
        household.people + household.stretchers * Math.max(0, vehicle.movement.stretcher_block_seats - 1);
      vehicle.stretchers -= household.stretchers;
      seated.add(household.householdRef);
      const alight = Object.entries(vehicle.movement.leave_at).find(([, nationalities]) =>
        nationalities.includes(household.head),
      )?.[0];
      const stop = vehicle.stops.find(({ code }) => code === alight) ?? vehicle.stops.at(-1);
      const arrivesAt = vehicle.departsAt + (stop?.afterDeparture ?? 0);
      arrived.set(household.householdRef, arrivesAt);
      trips.push({
        leg,
        people: household.people,
        departsAt: vehicle.departsAt,
        arrivesAt,
        last: [...household.readyFor.keys()].at(-1) === leg,
      });
    }
  }
  const leftOver = waiting
    .filter(({ household }) => !seated.has(household.householdRef))
    .map(({ household, readyAt }) => ({
      leg,
      head: household.head,
      people: household.people,
      stretchers: household.stretchers,
      readyAt,
      householdRef: household.householdRef,
    }));
  return { trips, leftOver, arrived };
}

function vehicleOf(movement: PlannedMovement): Vehicle | undefined {
  const sailing = sailingOf(movement);
  if (sailing.cancelled) return undefined;
  const smaller = movement.events.find((event) => event.kind === 'smaller_vehicle');
  const seats = smaller?.seats_after ?? movement.seats;
  return {
    movement,
    departsAt: sailing.departsAt,
    stops: sailing.stops,
    seats: seats.seat,
    stretchers: seats.stretcher_block,
  };
}

/** First registration: where the operation's clock begins. */
export function clockStartOf(scenario: Scenario): Instant {
  return Math.min(
    ...scenario.people.map((person) => person.registeredAt),
    ...scenario.movements.map((movement) => instant(movement.departs_at)),
  );
}
