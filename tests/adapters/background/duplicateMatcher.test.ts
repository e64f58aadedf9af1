import { afterAll, beforeAll, expect, it } from 'vitest';
import { duplicateMatching, startDuplicateMatcher } from '../../../processes/composition/loops.ts';
import { person } from '../../domain/imports/scenario.ts';
import { stringifyCells } from '../../support/cells.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { importActivities, orderCommit, storeOf, textSource, upload } from '../../support/imports.ts';
import { testKeyring } from '../../support/keyring.ts';
import { makeOperation } from '../../support/operations.ts';
import { eventually } from '../../support/systemRows.ts';

const keyring = await testKeyring();
let database: TestDatabase;
const options = () => ({
  connectionString: database.url,
  matching: duplicateMatching(keyring, Date.now),
  now: Date.now,
});
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(async () => {
  await database?.drop();
});

/** So many people, born years apart, registered under numbers that begin with a word. */
const people = (message: string, count: number) =>
  Array.from({ length: count }, (_, n) =>
    person({
      person_ref: `${message}-${n}`,
      household_ref: `${message}${n}`,
      date_of_birth: `${1930 + (n % 25) * 3}-0${1 + Math.floor(n / 25)}-14`,
      phone: '',
    }),
  );

async function check(operationId: string, message: string): Promise<string> {
  const { pool } = database;
  const source = textSource(stringifyCells(people(message, 60)));
  const { importId } = await upload(pool, keyring, { operationId, referenceDate: '2026-11-20', source });
  await importActivities({ store: storeOf(pool, keyring) }).check(importId);
  return importId;
}

async function commit(importId: string): Promise<void> {
  const { pool } = database;
  const activities = importActivities({ store: storeOf(pool, keyring, { page: 20 }) });
  await orderCommit(pool, keyring, importId);
  await activities.commit(importId);
  await pool.query(`update imports set status = 'done' where id = $1`, [importId]);
}

const count = async (sql: string): Promise<number> => {
  const { rows } = await database.pool.query<{ n: number }>(`select count(*)::int as n from ${sql}`);
  return rows[0]?.n ?? 0;
};

it('finds duplicates within a checked list, and people of two lists that are committed at once, whichever worker does it', async () => {
  const warnings: unknown[] = [];
  const log = { info: () => undefined, warn: (fields: object) => void warnings.push(fields) };
  const start = () => startDuplicateMatcher({ ...options(), log, pollMs: 20 });
  const loops = [start(), start()];
  try {
    const [one, two] = [await makeOperation(database.pool), await makeOperation(database.pool)];
    const lists = await Promise.all([check(one.id, 'A'), check(two.id, 'B')]);
    await eventually(async () => (await count('imports where met is null')) === 0);
    await Promise.all(lists.map(commit));
    // the one that works goes; the other takes over
    await loops[0]?.stop();
    await eventually(async () => (await count('persons where compared_at is null')) === 0);
    expect(await count('persons')).toBe(120);
    expect(await count('duplicate_pairs')).toBe(60);
    expect(await count(`tasks where kind = 'decidePair'`)).toBe(120);
    expect(warnings).toEqual([]);
  } finally {
    await Promise.all(loops.map((loop) => loop.stop()));
  }
});

it('raises an alarm when it fails repeatedly, and continues when the cause is corrected', async () => {
  const { pool } = database;
  const { id: operationId } = await makeOperation(pool);
  await pool.query('update persons set compared_at = now()');
  await commit(await check(operationId, 'C'));
  const { rows } = await pool.query<{ person_id: string; encrypted: Buffer }>(
    'select person_id, encrypted from person_data where person_id = (select id from persons where compared_at is null limit 1)',
  );
  const [spoilt] = rows;
  await pool.query(`update person_data set encrypted = 'spoilt' where person_id = $1`, [spoilt?.person_id]);
  const log = { info: () => undefined, warn: () => undefined };
  const loop = startDuplicateMatcher({ ...options(), log, pollMs: 20 });
  try {
    await eventually(async () => (await count(`alarms where kind = 'comparison_fails'`)) === 1);
    expect(await count('persons where compared_at is null')).toBe(60);
    await pool.query('update person_data set encrypted = $2 where person_id = $1', [
      spoilt?.person_id,
      spoilt?.encrypted,
    ]);
    await eventually(async () => (await count('persons where compared_at is null')) === 0);
    expect(await count(`alarms where kind = 'comparison_fails'`)).toBe(1);
  } finally {
    await loop.stop();
  }
});
