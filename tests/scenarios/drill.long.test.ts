import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DrillSystem, filesOf, openDrillSystem, scenarioFolder } from './drillSystem.ts';
import { expectedEnds } from './expectedEnds.ts';

const LEFT: Record<string, string[]> = { 'ambae-2017': ['NDU-H7644', 'NDU-H4130', 'WAL-H1991'] };

let system: DrillSystem;

beforeAll(async () => {
  system = await openDrillSystem();
}, 240_000);

afterAll(async () => {
  await system?.close();
}, 60_000);

test.each(['ambae-2017', 'libya-vhr-flight', 'sudan-2023'])(
  '%s: everybody comes to the end that follows from the scenario alone',
  async (name) => {
    const { ends, checks } = await system.drill({ name, scenario: scenarioFolder(name) });
    expect(Object.fromEntries(ends)).toEqual(
      Object.fromEntries(expectedEnds(filesOf(scenarioFolder(name)), LEFT[name])),
    );
    expect(checks.filter((check) => !check.holds)).toEqual([]);
  },
  2_400_000,
);
