import { afterAll, beforeAll, expect, test } from 'vitest';
import { caseloadFolder, type DrillHouse, filesOf, openDrillHouse } from './drillHouse.ts';
import { expectedEnds } from './expectedEnds.ts';

const LEFT: Record<string, string[]> = { 'ambae-2017': ['NDU-H7644', 'NDU-H4130', 'WAL-H1991'] };

let house: DrillHouse;

beforeAll(async () => {
  house = await openDrillHouse();
}, 240_000);

afterAll(async () => {
  await house?.close();
}, 60_000);

test.each(['ambae-2017', 'libya-vhr-flight', 'sudan-2023'])(
  '%s: everybody comes to the end that follows from the caseload alone',
  async (name) => {
    const { ends, checks } = await house.drill({ name, caseload: caseloadFolder(name) });
    expect(Object.fromEntries(ends)).toEqual(
      Object.fromEntries(expectedEnds(filesOf(caseloadFolder(name)), LEFT[name])),
    );
    expect(checks.filter((check) => !check.holds)).toEqual([]);
  },
  2_400_000,
);
