import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareAll, matching } from '../../support/duplicates.ts';
import { openOperation, type TestSystem, testSystem } from '../system.ts';
import { type ListDesk, listDesk, type ShownImport } from './listClient.ts';

const trial = (name: string): Buffer =>
  readFileSync(new URL(`../../adapters/files/trials/${name}.csv`, import.meta.url));

let system: TestSystem;
let desk: ListDesk;
beforeAll(async () => {
  system = await testSystem();
  desk = listDesk(system);
});
afterAll(() => system.close());

async function registerList(operationId: string, list: Buffer): Promise<string> {
  const importId = await desk.take(operationId, list, { reference_date: '2026-11-20' });
  expect((await desk.commit(importId)).status).toBe(202);
  await compareAll(system.db.pool, system.keyring);
  return importId;
}

type DuplicateCandidates = {
  compared: number;
  within_list: number;
  with_known: number;
  first: Array<{ rows: number[]; reasons: string[] }>;
};

type Shown = {
  id: string;
  status: string;
  people: Array<{ names: { given: string; family: string }; household_reference: string }>;
  reasons: Array<{ sentence: string }>;
};
async function pairs(operationId: string, state: 'open' | 'decided', filter = ''): Promise<Shown[]> {
  const url = `/v1/operations/${operationId}/duplicate-pairs?filter[state]=${state}${filter}`;
  const { body } = await system.ask('case_worker', 'GET', url);
  return Promise.all(
    (body['data'] as Array<{ id: string }>).map(
      async ({ id }) => (await system.ask('case_worker', 'GET', `/v1/duplicate-pairs/${id}`)).body as unknown as Shown,
    ),
  );
}
const namesOf = (pair: Shown): string[] => pair.people.map(({ names }) => names.given).sort();
const peopleIn = async (operationId: string): Promise<number> => {
  const { rows } = await system.db.pool.query('select count(*)::int as n from journeys where operation_id = $1', [
    operationId,
  ]);
  return rows[0].n;
};

describe('T016', () => {
  it('twins and a child on two lists wait for a person; the decision stands when the file comes again', async () => {
    const operationId = await openOperation(system);
    await registerList(operationId, trial('T016'));
    const open = await pairs(operationId, 'open');
    const issas = open.find((pair) => namesOf(pair).join() === 'Issa,Issa');
    expect(issas?.reasons.map(({ sentence }) => sentence)).toContain(
      'Two households list this child: find out who cares for the child.',
    );
    const twins = open.find((pair) => namesOf(pair).join() === 'Halima,Halime');
    expect(open.length).toBe(twins ? 2 : 1);
    for (const pair of open) {
      const url = `/v1/duplicate-pairs/${pair.id}/commands/not-the-same`;
      expect((await system.ask('protection_officer', 'POST', url, { reason_code: 'seen_together' })).status).toBe(200);
    }
    const people = await peopleIn(operationId);

    const again = await registerList(operationId, trial('T016'));
    expect(await pairs(operationId, 'open')).toEqual([]);
    expect((await pairs(operationId, 'decided')).map(({ status }) => status)).toEqual(open.map(() => 'distinct'));
    expect(await peopleIn(operationId)).toBe(people);
    // the rows of the second file say who they are
    const rows = await desk.rows(again);
    const { rows: first } = await system.db.pool.query(
      'select person_id from journeys where operation_id = $1 order by import_row',
      [operationId],
    );
    expect(rows.map(({ person_id }) => person_id)).toEqual(first.map(({ person_id }) => person_id));
    expect((await desk.read(again)).progress).toMatchObject({ done: people, total: people });
  });

  it('the dry run tells the pairs beforehand, with their reasons', async () => {
    const operationId = await openOperation(system, { drill: true });
    const importId = await desk.take(operationId, trial('T016'), { reference_date: '2026-11-20' });
    const shown = async () =>
      (await desk.read(importId)) as ShownImport & { duplicate_candidates: DuplicateCandidates | null };
    expect((await shown()).duplicate_candidates).toBeNull();
    await matching(system.db.pool, system.keyring).compareCheckedList();
    const { status, duplicate_candidates } = await shown();
    expect({ status, duplicate_candidates }).toMatchObject({
      status: 'checked',
      duplicate_candidates: { compared: 7, with_known: 0 },
    });
    const issas = duplicate_candidates?.first.find(({ rows }) => rows.join() === '5,7');
    expect(issas?.reasons).toContain('Two households list this child: find out who cares for the child.');
    expect(duplicate_candidates?.within_list).toBe(duplicate_candidates?.first.length);
    expect(await peopleIn(operationId)).toBe(0);
  });

  it('whoever comes again with other data is registered, and shown to a person', async () => {
    const operationId = await openOperation(system);
    await registerList(operationId, trial('T016'));
    const people = await peopleIn(operationId);
    const before = (await pairs(operationId, 'open')).length;
    const other = trial('T016').toString().replace('L1-1,HEAD,Hasna', 'L1-1,HEAD,Hassna');
    const importId = await registerList(operationId, Buffer.from(other));
    expect(await peopleIn(operationId)).toBe(people + 3);
    const open = await pairs(operationId, 'open');
    expect(open.length).toBeGreaterThanOrEqual(before + 3);
    expect(open.map((pair) => namesOf(pair).join())).toContain('Hasna,Hassna');
    const ofThisList = await pairs(operationId, 'open', `&filter[import]=${importId}`);
    expect(ofThisList.length).toBe(open.length - before);
  });
});
