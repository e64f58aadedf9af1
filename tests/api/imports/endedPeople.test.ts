import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ending } from '../../../domain/journeys/statuses.ts';
import { compareAll } from '../../support/duplicates.ts';
import { openOperation, record, STARTED, type TestSystem, testSystem } from '../system.ts';
import { type ListDesk, listDesk } from './listClient.ts';

const LIST = readFileSync(new URL('../../adapters/files/trials/T016.csv', import.meta.url));

let system: TestSystem;
let desk: ListDesk;
beforeAll(async () => {
  system = await testSystem();
  desk = listDesk(system);
});
afterAll(() => system.close());

type Row = { id: string; person_id: string; household_id: string; relationship: string; ending: string | null };
const journeys = async (operationId: string): Promise<Row[]> =>
  (
    await system.db.pool.query(
      'select id, person_id, household_id, relationship, ending from journeys where operation_id = $1 order by registered_at, id',
      [operationId],
    )
  ).rows;

async function bring(operationId: string) {
  const importId = await desk.take(operationId, LIST, { reference_date: '2026-11-20' });
  const { counts } = await desk.read(importId);
  expect((await desk.commit(importId)).status).toBe(202);
  await compareAll(system.db.pool, system.keyring);
  return counts;
}

const end = (journeyId: string, operationId: string, ending: Ending) =>
  record(system, journeyId, operationId, [STARTED, { type: 'journeyEnded', data: { ending } }]);

describe('a list with somebody whose journey has ended', () => {
  it('registers them anew, in the household of those who go on, and puts both before a person', async () => {
    const operationId = await openOperation(system);
    await bring(operationId);
    const before = await journeys(operationId);
    const gone = before.find((row) => before.some((one) => one.household_id === row.household_id && one.id !== row.id));
    if (!gone) throw new Error('The list has a household of several');
    await end(gone.id, operationId, 'lost_contact');

    const { already_known: known } = (await bring(operationId)) as unknown as { already_known: number };
    expect(known).toBe(before.length - 1);
    const after = await journeys(operationId);
    expect(after.length).toBe(before.length + 1);
    const back = after.find((row) => !before.some(({ id }) => id === row.id));
    expect(back).toMatchObject({ household_id: gone.household_id, ending: null });
    const { rows } = await system.db.pool.query(
      'select status from duplicate_pairs where $1 in (person_a, person_b) and $2 in (person_a, person_b)',
      [gone.person_id, back?.person_id],
    );
    expect(rows).toEqual([{ status: 'suspected' }]);
  });

  it('registers a household anew of whom everybody has ended, once, however often the list comes', async () => {
    const operationId = await openOperation(system);
    await bring(operationId);
    const before = await journeys(operationId);
    const home = before[0]?.household_id;
    const gone = before.filter(({ household_id }) => household_id === home);
    for (const { id } of gone) await end(id, operationId, 'withdrawn');
    await bring(operationId);
    const after = await journeys(operationId);
    expect(after.length).toBe(before.length + gone.length);
    await bring(operationId);
    expect((await journeys(operationId)).length).toBe(after.length);
  });
});
