import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workflowId } from '../../../workflows/messages.ts';
import { scenarioFile, truthOf } from '../../domain/imports/scenario.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { fileSource, importActivities, orderCommit, storeOf, type TestStore, upload } from '../../support/imports.ts';
import { testKeyring } from '../../support/keyring.ts';
import { makeOperation } from '../../support/operations.ts';

const keyring = await testKeyring();
const PAGE = 10;
let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase();
});
afterAll(async () => {
  await database?.drop();
});

/** A list of which the first page is in, with the page that was read meanwhile. */
async function firstPageIn() {
  const { pool } = database;
  const operation = await makeOperation(pool);
  const { importId } = await upload(pool, keyring, {
    operationId: operation.id,
    referenceDate: truthOf('libya-vhr-flight').reference_date,
    source: fileSource(scenarioFile('libya-vhr-flight', 'registrations.csv')),
  });
  const store: TestStore = storeOf(pool, keyring, { page: PAGE });
  await importActivities({ store }).check(importId);
  expect(await orderCommit(pool, keyring, importId)).toBe('started');
  const { cursor, ahead } = await store.commitNext(importId);
  if (ahead === undefined) throw new Error('nothing was read ahead');
  expect((await ahead).after).toBe(cursor);
  return { pool, store, importId, operationId: operation.id, cursor, ahead };
}

async function registered(importId: string): Promise<number[]> {
  const { rows } = await database.pool.query<{ row: number }>(
    'select import_row as row from journeys where import_id = $1 order by import_row',
    [importId],
  );
  return rows.map(({ row }) => row);
}

describe('households that were read while the page before was written', () => {
  it('are committed unchanged, and nobody is registered twice', async () => {
    const { store, importId, ahead } = await firstPageIn();
    const first = await registered(importId);
    expect((await store.commitNext(importId, ahead)).outcome).toBe('more');
    const both = await registered(importId);
    expect(both.length).toBeGreaterThan(first.length);
    expect(new Set(both).size).toBe(both.length);
    // what is given a second time is behind the cursor, and stands for nobody
    expect((await store.commitNext(importId, ahead)).outcome).toBe('more');
    const three = await registered(importId);
    expect(new Set(three).size).toBe(three.length);
    expect(three.length).toBeGreaterThan(both.length);
  });

  it('are read anew where the list was checked again since: a row that is rejected now stays out', async () => {
    const { pool, store, importId, cursor, ahead } = await firstPageIn();
    const { rows } = await pool.query<{ row: number }>(
      `update import_rows set verdict = 'reject' where import_id = $1
          and row = (select min(row) from import_rows where import_id = $1 and row > $2 and person_id is null) returning row`,
      [importId, cursor],
    );
    await pool.query('update imports set round = round + 1 where id = $1', [importId]);
    expect((await store.commitNext(importId, ahead)).outcome).toBe('more');
    expect(rows).toHaveLength(1);
    expect(await registered(importId)).not.toContain(rows[0]?.row);
  });

  it('are read anew where the rules were changed since: their journeys begin under the new ones', async () => {
    const { pool, store, importId, operationId, ahead } = await firstPageIn();
    const first = await registered(importId);
    await pool.query(
      `insert into operation_rules (operation_id, version, document, decided_by, decided_at)
       select operation_id, version + 1, jsonb_set(document, '{rules,evidenceRounds}', '9'), decided_by, decided_at
         from operation_rules where operation_id = $1`,
      [operationId],
    );
    await pool.query('update operations set rules_version = rules_version + 1 where id = $1', [operationId]);
    expect((await store.commitNext(importId, ahead)).outcome).toBe('more');
    const { rows } = await pool.query<{ rounds: string; row: number }>(
      `select p.input -> 'rules' ->> 'evidenceRounds' as rounds, j.import_row as row from journeys j
         join pending_starts p on p.workflow_id = any(array[j.id, $2 || j.id]) where j.import_id = $1`,
      [importId, workflowId.journey('')],
    );
    expect(rows.length).toBeGreaterThan(first.length);
    for (const { rounds, row } of rows) expect(rounds).toBe(first.includes(row) ? '2' : '9');
  });

  it('are read anew where reading them failed', async () => {
    const { store, importId } = await firstPageIn();
    const first = await registered(importId);
    const failed = Promise.reject(new Error('the database went away'));
    expect((await store.commitNext(importId, failed)).outcome).toBe('more');
    expect((await registered(importId)).length).toBeGreaterThan(first.length);
  });

  it('end with the list', async () => {
    const { store, importId } = await firstPageIn();
    expect(await importActivities({ store }).commit(importId)).toEqual({ committed: true });
    expect(await store.commitNext(importId)).toMatchObject({ outcome: 'finished' });
    const { rows } = await database.pool.query<{ left: number }>(
      `select count(*)::int as left from import_rows
        where import_id = $1 and verdict <> 'reject' and person_id is null`,
      [importId],
    );
    expect(rows[0]?.left).toBe(0);
  });
});
