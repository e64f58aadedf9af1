import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { addMonths, clockFrom, DAY, HOUR, toOperation, toReal } from '../../../domain/time.ts';
import { clockOf, secondsTo } from '../../../sandbox/drill/clock.ts';
import { clockStartOf } from '../../../sandbox/drill/estimate.ts';
import { legsOf, needsOfLeg, servedBy } from '../../../sandbox/drill/policy.ts';
import { timetableOf } from '../../../sandbox/drill/relief.ts';
import { sailingOf } from '../../../sandbox/partners/carrier.ts';
import { firstPeople, readScenario } from '../../../sandbox/scenarioData.ts';

const read = (name: string) =>
  readScenario(fileURLToPath(new URL(`../../../sandbox/scenarioData/${name}`, import.meta.url)));

describe.each(['ambae-2017', 'libya-vhr-flight', 'sudan-2023'])('%s', (name) => {
  const scenario = read(name);
  const start = clockStartOf(scenario);
  const timetable = timetableOf(scenario, start);
  const { segments, endsAt, lastArrival } = clockOf(scenario, timetable, start);

  test('the clock is one that an operation can have, and begins with the first registration', () => {
    const clock = clockFrom(0, segments);
    expect(segments[0]?.fromOperationTime).toBe(Math.min(...scenario.people.map((person) => person.registeredAt)));
    for (const at of [start, scenario.startsAt, lastArrival, endsAt]) {
      expect(Math.abs(toOperation(clock, toReal(clock, at)) - at)).toBeLessThan(DAY / 500);
    }
    expect(segments.length).toBeLessThanOrEqual(200);
  });

  test('on no day of follow-ups are more people due than staff can visit', () => {
    for (const month of [1, 3, 6, 12]) {
      const days = Map.groupBy(
        timetable.trips.filter((trip) => trip.last),
        (trip) => Math.floor(addMonths(trip.arrivesAt, month) / HOUR),
      );
      const busiest = Math.max(...[...days.values()].map((trips) => trips.reduce((sum, trip) => sum + trip.people, 0)));
      const [first, last] = [Math.min(...days.keys()) * HOUR, (Math.max(...days.keys()) + 7) * HOUR];
      const seconds = secondsTo(segments, last) - secondsTo(segments, first);
      const people = timetable.trips.filter((trip) => trip.last).reduce((sum, trip) => sum + trip.people, 0);
      expect(people / seconds).toBeLessThanOrEqual(18.5);
      expect(busiest).toBeLessThanOrEqual(people);
    }
  });

  test('relief leaves after the last of the list of its leg, and serves whom that served', () => {
    for (const relief of timetable.relief) {
      const listed = scenario.movements.filter((movement) => movement.stage === relief.like.stage);
      expect(relief.departsAt).toBeGreaterThan(Math.max(...listed.map((movement) => sailingOf(movement).departsAt)));
    }
    const references = timetable.relief.map((relief) => relief.reference);
    expect(new Set(references).size).toBe(references.length);
    for (const leg of legsOf(scenario.movements)) {
      const sweeps = timetable.relief.filter(
        (relief) => relief.like.stage === leg && relief.reference.includes('SWEEP'),
      );
      const everybody = servedBy(leg, scenario.movements);
      const swept = sweeps.some((relief) => relief.like.for_households_of === null)
        ? null
        : sweeps.flatMap((relief) => relief.like.for_households_of ?? []);
      expect(swept && new Set(swept)).toEqual(everybody && new Set(everybody));
    }
  });

  test('it is worked out the same every time', () => {
    expect(timetableOf(read(name), start)).toEqual(timetable);
  });
});

test('ambae-2017: six minutes to the last ship, ten to the last follow-up', () => {
  const scenario = read('ambae-2017');
  const start = clockStartOf(scenario);
  const { segments, endsAt } = clockOf(scenario, timetableOf(scenario, start), start);
  const lastShip = Math.max(
    ...scenario.movements.map((movement) => Date.parse(movement.legs.at(-1)?.arrives_at ?? '')),
  );
  expect(secondsTo(segments, lastShip)).toBeLessThan(360);
  expect(secondsTo(segments, endsAt)).toBeLessThan(570);
});

test('a domestic ship asks for no papers, a flight across a border for all, and a leg nobody knows for what its border says', () => {
  const { movements } = read('sudan-2023');
  expect(needsOfLeg('evacuation', movements)).toEqual({ nationality: false, document: false, exitPermit: false });
  expect(needsOfLeg('sea', movements)).toEqual({ nationality: false, document: false, exitPermit: true });
  const unknown = movements.map((movement) => ({ ...movement, stage: 'convoy' }));
  expect(needsOfLeg('convoy', unknown)).toEqual({ nationality: true, document: true, exitPermit: true });
  expect(
    needsOfLeg(
      'convoy',
      unknown.filter((movement) => movement.destination.country === movement.origin.country),
    ).nationality,
  ).toBe(false);
});

test('a short drill takes whole households in the order of the list', () => {
  const scenario = read('ambae-2017');
  const few = firstPeople(scenario, 50);
  expect(few.people.length).toBeGreaterThanOrEqual(50);
  expect(few.people.length).toBeLessThan(65);
  const refs = new Set(few.people.map((person) => person.householdRef));
  expect(scenario.people.filter((person) => refs.has(person.householdRef))).toHaveLength(few.people.length);
});
