import { addMonths, DAY, HOUR, type Instant } from '../../domain/time.ts';
import { sailingOf } from '../partners/carrier.ts';
import type { Scenario } from '../scenarioData.ts';
import type { Relief, Timetable } from './relief.ts';

/** From `fromOperationTime` on, a day of the operation takes `secondsPerDay` of real time. */
export type Segment = { fromOperationTime: Instant; secondsPerDay: number };

/** Seconds a day takes when the year is over. */
const AFTER_THE_END = 40;

/** How fast a drill runs. `standard` keeps a small machine in step; `fast` is for few people; a number is a factor on both. */
export type Pace = 'standard' | 'fast' | number;

/** Decisions of stand-in staff and answers of partners per second on a small machine. */
const REGISTRATIONS_PER_SECOND = 7;
const FOLLOW_UPS_PER_SECOND = 18;
const FOLLOW_UP_MONTHS = [1, 3, 6, 12];
const AT_THE_YEARS_END = 2 * DAY;

/** A stretch of time that must not run faster than this, because people have to keep up with it. */
type Demand = { from: Instant; to: Instant; secondsPerDay: number };

/**
 * The clock of a drill: slow while people register, board and are followed up, fast in between, so that no
 * wait that is due is written down late. It follows from the scenario alone.
 */
export function clockOf(
  scenario: Scenario,
  timetable: Timetable,
  start: Instant,
  pace: Pace = 'standard',
): { segments: Segment[]; endsAt: Instant; lastArrival: Instant } {
  const people = scenario.people.length;
  const factor = pace === 'fast' ? 0.6 : pace === 'standard' ? 1 : pace;
  const departures = scenario.movements.map((movement) => sailingOf(movement));
  const firstDeparture = Math.min(...departures.map((sailing) => sailing.departsAt));
  const lastListed = Math.max(
    ...departures.map((sailing) => sailing.departsAt + (sailing.stops.at(-1)?.afterDeparture ?? 0)),
  );
  const lastArrival = Math.max(lastListed, ...timetable.relief.map((relief) => relief.arrivesAt));
  const demands: Demand[] = [
    { from: start, to: start + DAY / 2, secondsPerDay: Math.max(45, (2 * people) / REGISTRATIONS_PER_SECOND) },
    // requests are thought over, households decide: nothing is done by many at once
    { from: start, to: firstDeparture, secondsPerDay: clamp(people / 35, 3, 20) },
    { from: firstDeparture, to: lastListed, secondsPerDay: clamp(people / 12, 15, 60) },
    { from: lastListed, to: lastArrival + DAY, secondsPerDay: clamp(people / 120, 2.5, 6) },
    ...scenario.movements.flatMap((movement) => listedDemands(movement, clamp(people / 7.5, 40, 95))),
    ...timetable.relief.flatMap(reliefDemands),
  ];
  const followUps = followUpWindows(timetable);
  const endsAt = Math.max(lastArrival, ...followUps.map((window) => window.to)) + AT_THE_YEARS_END;
  const all = [...demands, ...followUps].map((demand) => ({ ...demand, secondsPerDay: demand.secondsPerDay * factor }));
  // a machine that fell behind finds time after the end: checks and seats hold long enough again to be used
  const after = { fromOperationTime: endsAt, secondsPerDay: AFTER_THE_END };
  return { segments: [...segmentsOf(all, start, endsAt), after], endsAt, lastArrival };
}

/** Real seconds from the clock's start to `at`. */
export function secondsTo(segments: readonly Segment[], at: Instant): number {
  return segments.reduce((sum, segment, i) => {
    const to = Math.min(at, segments[i + 1]?.fromOperationTime ?? Number.POSITIVE_INFINITY);
    return sum + (Math.max(0, to - segment.fromOperationTime) / DAY) * segment.secondsPerDay;
  }, 0);
}

function listedDemands(movement: Scenario['movements'][number], secondsPerDay: number): Demand[] {
  const sailing = sailingOf(movement);
  const planned = Date.parse(movement.departs_at);
  const times = [planned, ...(sailing.cancelled ? [] : [sailing.departsAt])];
  const arrivals = sailing.cancelled ? [] : sailing.stops.map((stop) => sailing.departsAt + stop.afterDeparture);
  return [
    ...times.map((at) => ({ from: at - 9 * HOUR, to: at + 1.5 * HOUR, secondsPerDay })),
    ...arrivals.map((at) => ({ from: at - HOUR / 2, to: at + 5 * HOUR, secondsPerDay })),
  ];
}

/** A relief movement takes few, and mostly nobody. */
function reliefDemands(relief: Relief): Demand[] {
  const secondsPerDay = relief.reference.includes('SWEEP') ? 15 : 30;
  return [
    { from: relief.departsAt - 9 * HOUR, to: relief.departsAt + 2 * HOUR, secondsPerDay },
    { from: relief.arrivesAt - HOUR / 2, to: relief.arrivesAt + 5 * HOUR, secondsPerDay },
  ];
}

/** The days on which people are visited, a month, three, six and twelve after they came home: as slow as they are many. */
function followUpWindows({ trips }: Timetable): Demand[] {
  const arrivals = trips.filter((trip) => trip.last);
  return FOLLOW_UP_MONTHS.flatMap((month) => {
    const days = arrivals
      .map((trip) => ({ at: addMonths(trip.arrivesAt, month), people: trip.people }))
      .sort((a, b) => a.at - b.at);
    const windows: Array<{ from: Instant; to: Instant; people: number }> = [];
    for (const { at, people } of days) {
      const last = windows.at(-1);
      if (last && at - last.to <= 6 * HOUR) {
        last.to = at + 6 * HOUR;
        last.people += people;
      } else {
        windows.push({ from: at - HOUR, to: at + 6 * HOUR, people });
      }
    }
    return windows.map(({ from, to, people }) => ({
      from,
      to,
      secondsPerDay: (Math.max(1, people / FOLLOW_UPS_PER_SECOND) * DAY) / (to - from),
    }));
  });
}

/** Cuts time where a demand begins or ends; without a demand, a month passes in two seconds. */
function segmentsOf(demands: readonly Demand[], start: Instant, endsAt: Instant): Segment[] {
  const cuts = [...new Set([start, endsAt, ...demands.flatMap(({ from, to }) => [from, to])])]
    .filter((at) => at >= start && at <= endsAt)
    .sort((a, b) => a - b);
  const segments: Segment[] = [];
  for (const from of cuts) {
    const secondsPerDay = Math.max(
      0.07,
      ...demands.filter((demand) => demand.from <= from && from < demand.to).map((demand) => demand.secondsPerDay),
    );
    if (segments.at(-1)?.secondsPerDay !== secondsPerDay) segments.push({ fromOperationTime: from, secondsPerDay });
  }
  return segments;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
