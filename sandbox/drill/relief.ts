import { DAY, HOUR, type Instant } from '../../domain/time.ts';
import { sailingOf } from '../partners/carrier.ts';
import { instant, type PlannedMovement, type Scenario } from '../scenarioData.ts';
import { type Expectation, expectations, type LeftOver, probableTrips, type Trip } from './estimate.ts';
import { legsOf, serves } from './policy.ts';

/** After the last listed departure of a leg. */
const AFTER_THE_LIST = 12 * HOUR;
/** From when the last of a wave is ready to its departure. */
const NOTICE = 16 * HOUR;
/** Who is ready within this time of the first of a wave waits for it. */
const WAVE = 5 * DAY;
/** A last vehicle for whoever was later than anybody thought. */
const SWEEP_AFTER = 4 * DAY;
const TRANSFER = 14 * HOUR;

/** A movement that staff plan for those whose answers come after the listed ones have left. */
export type Relief = {
  reference: string;
  like: PlannedMovement;
  departsAt: Instant;
  arrivesAt: Instant;
  seats: number;
  stretchers: number;
  infantLaps: number;
  wheelchairs: number;
};

export type Timetable = { trips: Trip[]; relief: Relief[] };

/**
 * The relief movements of a scenario, and who probably travels when. From the scenario alone, so that a drill that is taken up
 * again plans the same. For each leg: waves for those left over, then one more for everybody served; an empty
 * one is cancelled by the movement officer.
 */
export function timetableOf(scenario: Scenario, clockStart: Instant): Timetable {
  const households = expectations(scenario, clockStart);
  const trips: Trip[] = [];
  const relief: Relief[] = [];
  let arrivedBefore = new Map<string, Instant>(households.map((household) => [household.householdRef, 0]));
  let notBefore = 0;
  for (const leg of legsOf(scenario.movements)) {
    const probable = probableTrips(scenario, households, leg, arrivedBefore);
    const waves = wavesOf(scenario, leg, probable.leftOver, notBefore);
    relief.push(...waves.relief);
    trips.push(...probable.trips, ...waves.trips(households));
    notBefore = waves.endsAt + TRANSFER;
    const here = new Map([...probable.arrived, ...waves.arrived]);
    // a household that this leg does not serve stands where it stood
    for (const [ref, at] of arrivedBefore) {
      const household = households.find((one) => one.householdRef === ref);
      if (!here.has(ref) && household && !household.readyFor.has(leg)) here.set(ref, at);
    }
    arrivedBefore = here;
  }
  return { trips, relief };
}

function wavesOf(scenario: Scenario, leg: string, leftOver: readonly LeftOver[], notBefore: Instant) {
  const listed = scenario.movements.filter((movement) => movement.stage === leg);
  const lastListed = Math.max(...listed.map((movement) => sailingOf(movement).departsAt));
  const earliest = lastListed + AFTER_THE_LIST;
  const groups = groupsOf(listed);
  const relief: Relief[] = [];
  const arrived = new Map<string, Instant>();
  const made: Array<{ left: LeftOver; departsAt: Instant; arrivesAt: Instant }> = [];
  let waiting = leftOver.toSorted((a, b) => a.readyAt - b.readyAt);
  let wave = 0;
  while (waiting.length > 0) {
    wave += 1;
    const first = waiting[0]?.readyAt ?? 0;
    const within = waiting.filter((one) => one.readyAt <= Math.max(first, earliest - NOTICE) + WAVE);
    const departsAt = Math.max(earliest, ...within.map((one) => one.readyAt + NOTICE));
    for (const like of groups) {
      const aboard = within.filter((one) => serves(like, one.head));
      if (aboard.length === 0) continue;
      const vehicle = reliefVehicle(like, `${leg.toUpperCase()}-R${wave}`, departsAt, aboard);
      relief.push(vehicle);
      for (const left of aboard) {
        arrived.set(left.householdRef, vehicle.arrivesAt);
        made.push({ left, departsAt, arrivesAt: vehicle.arrivesAt });
      }
    }
    waiting = waiting.filter((one) => !within.includes(one));
  }
  const sweepAt = Math.max(notBefore, earliest, ...relief.map((one) => one.departsAt)) + SWEEP_AFTER;
  for (const like of groups) relief.push(reliefVehicle(like, `${leg.toUpperCase()}-SWEEP`, sweepAt, []));
  const endsAt = Math.max(...relief.map((one) => one.arrivesAt));
  const trips = (households: readonly Expectation[]): Trip[] =>
    made.map(({ left, departsAt, arrivesAt }) => {
      const household = households.find((one) => one.householdRef === left.householdRef);
      return {
        leg,
        people: left.people,
        departsAt,
        arrivesAt,
        last: [...(household?.readyFor.keys() ?? [])].at(-1) === leg,
      };
    });
  return { relief, arrived, trips, endsAt };
}

/** A vehicle for those whom a machine that fell behind its clock has left standing when all others had gone. */
export function lateRelief(
  scenario: Scenario,
  leg: string,
  head: string,
  nth: number,
  departsAt: Instant,
): Relief | undefined {
  const listed = scenario.movements.filter((movement) => movement.stage === leg);
  const like = groupsOf(listed).find((movement) => serves(movement, head));
  return like && reliefVehicle(like, `${leg.toUpperCase()}-LATE${nth}`, departsAt, []);
}

/** The last listed movement for each group of nationalities: relief goes the same way. */
function groupsOf(listed: readonly PlannedMovement[]): PlannedMovement[] {
  const byGroup = new Map<string, PlannedMovement>();
  for (const movement of listed.toSorted((a, b) => instant(a.departs_at) - instant(b.departs_at))) {
    byGroup.set(JSON.stringify(movement.for_households_of), movement);
  }
  return [...byGroup.values()];
}

function reliefVehicle(like: PlannedMovement, name: string, departsAt: Instant, aboard: readonly LeftOver[]): Relief {
  const travelTime = sailingOf(like).stops.at(-1)?.afterDeparture ?? 0;
  const people = aboard.reduce((sum, one) => sum + one.people, 0);
  return {
    reference: `${name}-${like.destination.code}`,
    like,
    departsAt,
    arrivesAt: departsAt + travelTime,
    // more than anybody thinks will come: who was late for the list comes too
    seats: Math.max(60, 2 * people) + 2 * 9,
    stretchers: 2,
    infantLaps: 20,
    wheelchairs: 6,
  };
}
