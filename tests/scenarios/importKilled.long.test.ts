import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DrillSystem, openDrillSystem } from './drillSystem.ts';
import { familiesOf, importWithKills } from './importKilled.ts';

const ROWS = 10_000;

let system: DrillSystem;

beforeAll(async () => {
  system = await openDrillSystem();
}, 240_000);
afterAll(async () => {
  await system?.close();
}, 60_000);

test('10,000 rows with the worker killed at a third and the API at two thirds: nobody is lost, nobody doubled, and the corrected join them', async () => {
  const list = familiesOf(ROWS);
  const { committed, corrected } = await importWithKills(system, list, (line) => console.log(line));
  const whole = { households: ROWS / 4, rows: ROWS, doubled: 0, begunTwice: 0 };
  const people = ROWS - list.rejected.size;
  expect(committed).toMatchObject({ ...whole, journeys: people, people, rowsWithPerson: people, starts: people });
  // their rejected members join the families that came without them
  const everybody = { journeys: ROWS, people: ROWS, rowsWithPerson: ROWS, starts: ROWS, startsLeft: 0 };
  expect(corrected).toEqual({ ...whole, ...everybody, status: 'done' });
}, 1_500_000);
