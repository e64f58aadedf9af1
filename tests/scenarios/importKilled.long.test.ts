import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DrillHouse, openDrillHouse } from './drillHouse.ts';
import { familiesOf, importWithKills } from './importKilled.ts';

const ROWS = 10_000;

let house: DrillHouse;

beforeAll(async () => {
  house = await openDrillHouse();
}, 240_000);
afterAll(async () => {
  await house?.close();
}, 60_000);

test('10,000 rows with the worker killed at a third and the API at two thirds: nobody is lost, nobody doubled', async () => {
  const { cells, rejected } = familiesOf(ROWS);
  const outcome = await importWithKills(house, cells, (line) => console.log(line));
  const people = ROWS - rejected.size;
  expect(outcome).toEqual({
    status: 'done',
    journeys: people,
    people,
    households: ROWS / 4,
    rows: ROWS,
    rowsWithPerson: people,
    doubled: 0,
    startsLeft: 0,
    begunTwice: 0,
  });
}, 1_500_000);
