import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canariesOf, filesUnder, seenIn } from './canaries.ts';
import { type DrillSystem, filesOf, openDrillSystem, scenarioFolder, withAnswer } from './drillSystem.ts';
import { expectedEnds } from './expectedEnds.ts';
import { openSink, outOfOrder, type Sink } from './sink.ts';

/** Slow enough for two drills at once, two killed workers and a machine of two cores. */
const PACE = 1.5;
const LEFT = ['NDU-H7644', 'NDU-H4130', 'WAL-H1991'];
/** In the first household of ambae-2017: unfit for three days, then fit. Changed: unfit, and no later answer is known. */
const PERSON = 'WAL-47919';
const HOUSEHOLD = ['WAL-18245', 'WAL-47919', 'WAL-42640'];

let system: DrillSystem;

beforeAll(async () => {
  system = await openDrillSystem();
}, 240_000);

afterAll(async () => {
  await system?.close();
}, 60_000);

describe('fifty people of ambae-2017', () => {
  test('come to the ends that follow from the scenario alone, with the worker killed twice, and one answer changes its household alone', async () => {
    const changed = withAnswer(system.folder, 'ambae-2017', PERSON, {
      fitness: { result: 'unfit', review_after_hours: 72 },
    });
    // two concurrent operations: the scenario as it is, and with one answer changed
    let kills = 0;
    const killAt = (moment: RegExp, nth: number) => (line: string) => {
      if (kills === nth && moment.test(line)) {
        kills += 1;
        system.kill('worker');
      }
    };
    const asItIs = killAt(/people are registered/, 0);
    const onTheWay = killAt(/seated \d/, 1);
    let sink: Promise<Sink> | undefined;
    const [plain, different] = await Promise.all([
      system.drill({
        name: 'as it is',
        scenario: scenarioFolder('ambae-2017'),
        people: 50,
        pace: PACE,
        seen: (line) => {
          if (/movements are planned/.test(line)) sink ??= watchFirstOperation(system);
          asItIs(line);
          onTheWay(line);
        },
      }),
      system.drill({ name: 'one answer changed', scenario: changed, people: 50, pace: PACE }),
    ]);
    expect(kills).toBe(2);

    const taken = new Set(plain.ends.keys());
    expect(Object.fromEntries(plain.ends)).toEqual(
      Object.fromEntries(expectedEnds(filesOf(scenarioFolder('ambae-2017'), taken), LEFT)),
    );
    expect(Object.fromEntries(different.ends)).toEqual(Object.fromEntries(expectedEnds(filesOf(changed, taken), LEFT)));
    const apart = [...plain.ends].filter(
      ([ref, end]) => JSON.stringify(end) !== JSON.stringify(different.ends.get(ref)),
    );
    expect(apart.map(([ref]) => ref).toSorted()).toEqual(HOUSEHOLD.toSorted());

    // How late a wait is recorded depends on the speed of the machine.
    for (const { checks } of [plain, different]) {
      expect(checks.filter((check) => !check.holds && !check.what.includes('late'))).toEqual([]);
    }

    const partner = await sink;
    expect(partner?.unverified).toBe(0);
    expect(outOfOrder(partner?.events ?? [])).toEqual([]);
    // The sink subscribes during the import, so it misses the first events of some people.
    const notified = new Set(partner?.events.map(({ subject }) => subject));
    // It gets no event about the six people who refused, nor about the mother in their household, which waits.
    expect(notified.size).toBeGreaterThanOrEqual(40);
    await partner?.close();

    const canaries = canariesOf(filesOf(scenarioFolder('ambae-2017'), taken).registrations);
    expect(canaries.length).toBeGreaterThan(50);
    const metrics = await (await fetch(`${system.api}/metrics`)).text();
    const places = [
      ...filesUnder(join(system.dataDir, 'temporal')),
      ...filesUnder(join(system.dataDir, 'logs')),
      { name: 'metrics', bytes: Buffer.from(metrics) },
      { name: 'webhooks', bytes: Buffer.from(partner?.bodies.join('\n') ?? '') },
    ];
    expect(places.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeGreaterThan(1_000_000);
    expect(
      places.flatMap(({ name, bytes }) => seenIn(bytes, canaries).map((canary) => `${canary} in ${name}`)),
    ).toEqual([]);
  }, 600_000);
});

/** Subscribes a partner outside to the operation that has just been planned. */
async function watchFirstOperation(of: DrillSystem): Promise<Sink> {
  const coordinator = of.as('coordinator');
  const operations = (await coordinator.all('/operations')) as Array<{ id: string }>;
  const first = operations[0];
  if (!first) throw new Error('There is no operation yet');
  return openSink(coordinator, first.id);
}
