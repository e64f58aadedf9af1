import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DrillSystem, filesOf, openDrillSystem, scenarioFolder } from './drillSystem.ts';
import { expectedEnds } from './expectedEnds.ts';

const LEFT = ['NDU-H7644', 'NDU-H4130', 'WAL-H1991'];
/** The processes to kill, each when the output matches. */
const KILLS: ReadonlyArray<{ process: Parameters<DrillSystem['kill']>[0]; at: RegExp }> = [
  { process: 'api', at: /people are registered/ },
  { process: 'postgres', at: /verified [1-9]/ },
  { process: 'temporal', at: /seated [1-9]/ },
  { process: 'worker', at: /under way [1-9]|arrived [1-9]/ },
  { process: 'postgres', at: /at home [1-9]/ },
  { process: 'temporal', at: /at home [1-9]/ },
];

let system: DrillSystem;

beforeAll(async () => {
  system = await openDrillSystem();
}, 240_000);

afterAll(async () => {
  await system?.close();
}, 60_000);

test('fifty people come to the same ends with API, PostgreSQL, Temporal and worker killed in turn', async () => {
  let next = 0;
  let lines = 0;
  let killedAt = 0;
  const { ends, checks } = await system.drill({
    name: 'every part',
    scenario: scenarioFolder('ambae-2017'),
    people: 50,
    pace: 1.5,
    seen: (line) => {
      lines += 1;
      const kill = KILLS[next];
      // The system has three lines of the table to recover between two kills.
      if (!kill || lines < killedAt + 3 || !kill.at.test(line)) return;
      next += 1;
      killedAt = lines;
      system.kill(kill.process);
    },
  });
  console.log(system.said.join('\n'));
  expect(next, 'every part was killed').toBe(KILLS.length);
  const taken = new Set(ends.keys());
  expect(Object.fromEntries(ends)).toEqual(
    Object.fromEntries(expectedEnds(filesOf(scenarioFolder('ambae-2017'), taken), LEFT)),
  );
  expect(checks.filter((check) => !check.holds && !check.what.includes('late'))).toEqual([]);
}, 900_000);
