import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseOn } from '../../../adapters/postgres/database.ts';
import { importsOn } from '../../../adapters/postgres/imports/imports.ts';
import { importReadsOn } from '../../../adapters/postgres/imports/reads.ts';
import { checkAgain } from '../../../application/imports/upload.ts';
import { findPairs } from '../../../domain/duplicates/findPairs.ts';
import { knownRows } from '../../domain/duplicates/known.ts';
import { person, plainRows, SCENARIOS, scenarioFile, truthOf } from '../../domain/imports/scenario.ts';
import { stringifyCells } from '../../support/cells.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { compareAll, matching } from '../../support/duplicates.ts';
import { fileSource, importActivities, orderCommit, storeOf, textSource, upload } from '../../support/imports.ts';
import { testKeyring } from '../../support/keyring.ts';
import { makeOperation } from '../../support/operations.ts';

const keyring = await testKeyring();
let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase();
});
afterAll(async () => {
  await database?.drop();
});

/** A committed list, with everybody compared as the duplicate matcher does it. */
async function registered(list: {
  source: AsyncIterable<Uint8Array>;
  operationId?: string;
  drill?: boolean;
  referenceDate?: string;
}) {
  const { pool } = database;
  const operationId = list.operationId ?? (await makeOperation(pool, { drill: list.drill ?? false })).id;
  const { importId } = await upload(pool, keyring, {
    operationId,
    referenceDate: list.referenceDate ?? '2026-11-20',
    source: list.source,
  });
  const activities = importActivities({ store: storeOf(pool, keyring) });
  await activities.check(importId);
  await orderCommit(pool, keyring, importId);
  await activities.commit(importId);
  await compareAll(database.pool, keyring);
  return { operationId, importId };
}

/** The pairs of an operation's people, by the rows of the list they came in. */
async function pairsByRow(operationId: string): Promise<string[]> {
  const { rows } = await database.pool.query<{ rows: number[] }>(
    `select array[a.import_row, b.import_row] as rows from duplicate_pairs p
       join journeys a on a.person_id = p.person_a join journeys b on b.person_id = p.person_b
      where p.operation_a = $1 or p.operation_b = $1`,
    [operationId],
  );
  return rows.map((pair) => pair.rows.sort((a, b) => a - b).join('-')).sort();
}

describe.each(SCENARIOS)('the messy list of %s', (scenario) => {
  const file = scenarioFile(scenario, 'messy/registrations.csv');
  const truth = truthOf(scenario);
  const pure = findPairs(knownRows(plainRows(file), truth.reference_date)).pairs.map(
    ({ one, other }) => `${one.row}-${other.row}`,
  );
  const wanted = truth.duplicate_clusters.flatMap(({ rows }) =>
    rows.flatMap((row, index) => rows.slice(index + 1).map((later) => `${row}-${later}`)),
  );

  it(`the ${pure.length} pairs are in the dry run, and nobody is registered`, async () => {
    const { pool } = database;
    const operation = await makeOperation(pool, { drill: true });
    const { importId } = await upload(pool, keyring, {
      operationId: operation.id,
      referenceDate: truth.reference_date,
      source: fileSource(file),
    });
    await importActivities({ store: storeOf(pool, keyring) }).check(importId);
    expect(await matching(pool, keyring).compareCheckedList()).toBe(true);
    const list = await importReadsOn(databaseOn(pool), keyring).read(importId);
    expect(list?.met).toMatchObject({
      compared: truth.rows.filter(({ verdict }) => verdict !== 'reject').length,
      withinList: pure.length,
      withKnown: 0,
    });
    expect(pure).toEqual(expect.arrayContaining(list?.met?.first.map(({ rows }) => rows.join('-')) ?? ['none']));
    expect(await matching(pool, keyring).compareCheckedList()).toBe(false);
    expect(await pairsByRow(operation.id)).toEqual([]);
  });

  it(`has the ${pure.length} pairs that the rule finds, through the database`, async () => {
    const { operationId } = await registered({
      source: fileSource(file),
      drill: true,
      referenceDate: truth.reference_date,
    });
    const found = await pairsByRow(operationId);
    expect(found).toEqual([...pure].sort());
    const hits = wanted.filter((pair) => found.includes(pair)).length;
    expect(hits / wanted.length >= 0.95 || wanted.length - hits <= 1).toBe(true);
    expect(hits / found.length).toBeGreaterThanOrEqual(0.9);
  });
});

const list = (...people: Array<Parameters<typeof person>[0]>) => textSource(stringifyCells(people.map(person)));
const AMINA = { given_names: 'Amina Hassan', person_ref: 'A-1', household_ref: 'A' };
const AMINA_AGAIN = {
  person_ref: 'B-1',
  household_ref: 'B',
  given_names: 'أمينة حسن',
  family_name: 'عثمان',
  phone: '',
};

describe('a dry run', () => {
  it('counts the rows that may be a person registered before, and is compared again when it is reprocessed', async () => {
    const { pool } = database;
    const who = { given_names: 'Hadiza', date_of_birth: '1974-02-03' };
    await registered({ source: list({ ...AMINA, ...who }) });
    const operation = await makeOperation(pool);
    const source = list(
      { ...AMINA_AGAIN, ...who, family_name: 'Osman' },
      { person_ref: 'B-2', household_ref: 'B2', given_names: 'Yakura' },
    );
    const { importId } = await upload(pool, keyring, {
      operationId: operation.id,
      referenceDate: '2026-11-20',
      source,
    });
    const { check } = importActivities({ store: storeOf(pool, keyring) });
    await check(importId);
    const met = async () => (await importReadsOn(databaseOn(pool), keyring).read(importId))?.met;
    expect(await met()).toBeNull();
    await matching(pool, keyring).compareCheckedList();
    expect(await met()).toEqual({ compared: 2, withinList: 0, withKnown: 1, first: [] });
    await importsOn(databaseOn(pool), keyring).transaction((tx) => checkAgain(tx, importId));
    expect(await met()).toBeNull();
  });

  it('is skipped while the list is being committed', async () => {
    const { importId } = await registered({
      source: list({ ...AMINA, given_names: 'Bintu', date_of_birth: '1975-02-03' }),
    });
    expect(await matching(database.pool, keyring).compareCheckedList()).toBe(false);
    expect((await importReadsOn(databaseOn(database.pool), keyring).read(importId))?.met).toBeNull();
  });
});

describe('newcomers meet', () => {
  it('whoever another operation knows already', async () => {
    const first = await registered({ source: list(AMINA) });
    const second = await registered({ source: list(AMINA_AGAIN) });
    expect(await pairsByRow(second.operationId)).toEqual(['1-1']);
    const { rows } = await database.pool.query(
      'select id, operation_id, role from tasks where kind = $1 and operation_id = any($2) order by operation_id',
      ['decidePair', [first.operationId, second.operationId]],
    );
    expect(rows.map((row) => [row.operation_id, row.role])).toEqual(
      [first.operationId, second.operationId].sort().map((id) => [id, 'case_worker']),
    );
  });

  it('nobody of a drill, unless the drill is their own', async () => {
    const who = { given_names: 'Zubaida', date_of_birth: '1971-02-03' };
    await registered({ source: list({ ...AMINA, ...who }) });
    const drill = await registered({ source: list({ ...AMINA, ...who }), drill: true });
    const other = await registered({ source: list({ ...AMINA, ...who }), drill: true });
    expect(await pairsByRow(drill.operationId)).toEqual([]);
    expect(await pairsByRow(other.operationId)).toEqual([]);
    await registered({ operationId: drill.operationId, source: list({ ...AMINA, ...who, person_ref: 'C-1' }) });
    expect(await pairsByRow(drill.operationId)).toEqual(['1-1']);
  });

  it('nobody who was erased: the keys go with the person', async () => {
    const who = { given_names: 'Yagana', date_of_birth: '1972-02-03' };
    const { operationId } = await registered({ source: list({ ...AMINA, ...who }) });
    const { rows } = await database.pool.query('select person_id from journeys where operation_id = $1', [operationId]);
    const personId = rows[0].person_id;
    const keys = 'select kind from person_search where person_id = $1';
    expect((await database.pool.query(keys, [personId])).rows.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['born', 'name', 'person_ref', 'phone', 'tel', 'whole']),
    );
    await database.pool.query('delete from person_keys where person_id = $1', [personId]);
    expect((await database.pool.query(keys, [personId])).rows).toEqual([]);
    const later = await registered({ source: list({ ...AMINA_AGAIN, ...who }) });
    expect(await pairsByRow(later.operationId)).toEqual([]);
  });

  it('once: a pair with a decision keeps it when all are compared again', async () => {
    const who = { given_names: 'Falmata', date_of_birth: '1973-02-03' };
    const { operationId } = await registered({
      source: list({ ...AMINA, ...who }, { ...AMINA_AGAIN, ...who, family_name: 'Osman' }),
    });
    const decided = await database.pool.query(
      `update duplicate_pairs set status = 'distinct' where operation_a = $1 returning id`,
      [operationId],
    );
    expect(decided.rowCount).toBe(1);
    await database.owner.query('delete from tasks where subject = $1', [decided.rows[0].id]);
    await database.pool.query('update persons set compared_at = null');
    await compareAll(database.pool, keyring);
    const pair = await database.pool.query('select status from duplicate_pairs where id = $1', [decided.rows[0].id]);
    expect(pair.rows).toEqual([{ status: 'distinct' }]);
    const tasks = await database.pool.query('select id from tasks where subject = $1', [decided.rows[0].id]);
    expect(tasks.rows).toEqual([]);
  });

  it('when no list is being committed, except a blocked one: registration has priority', async () => {
    const { importId } = await registered({ source: list({ ...AMINA, given_names: 'Kaltuma' }) });
    await database.pool.query('update persons set compared_at = null');
    const compareNext = matching(database.pool, keyring).matchNewcomers;
    await database.pool.query(`update imports set status = 'committing' where id = $1`, [importId]);
    expect(await compareNext()).toBe(0);
    await database.pool.query(`update imports set started_at = now() - interval '11 minutes' where id = $1`, [
      importId,
    ]);
    expect(await compareNext()).toBeGreaterThan(0);
    await database.pool.query('update persons set compared_at = null');
    await database.pool.query('update imports set started_at = now() where id = $1', [importId]);
    expect(await compareNext()).toBe(0);
    await database.pool.query(`update imports set status = 'done' where id = $1`, [importId]);
    expect(await compareNext()).toBeGreaterThan(0);
  });
});
