import pg from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { databaseOn } from '../../../adapters/postgres/database.ts';
import { importReadsOn } from '../../../adapters/postgres/imports/reads.ts';
import { familiesOf } from '../../scenarios/importKilled.ts';
import { stringifyCells } from '../../support/cells.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { importActivities, orderCommit, storeOf, textSource, upload } from '../../support/imports.ts';
import { testKeyring } from '../../support/keyring.ts';
import { makeOperation } from '../../support/operations.ts';

const keyring = await testKeyring();
let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase();
});
afterAll(async () => {
  vi.restoreAllMocks();
  await database?.drop();
});

const ROWS = 10_000;
/** Values that PostgreSQL's protocol can count in one statement; drivers that number each value fail above it. */
const MOST_VALUES = 32_767;
const PAGE = 1_000;

const plain = pg.Client.prototype.query;

/** The values of a statement, which stand beside its text or inside a statement with a name. */
function valuesOf([statement, beside]: unknown[]): unknown[] {
  const given =
    typeof statement === 'object' && statement !== null && 'values' in statement ? statement.values : beside;
  return Array.isArray(given) ? given : [];
}

it('10,000 rows of 20 columns are checked and committed in bounded pieces, and a piece that failed is repeated alone', async () => {
  const { pool } = database;
  const { cells, rejected } = familiesOf(ROWS);
  const operation = await makeOperation(pool);
  const { importId } = await upload(pool, keyring, {
    operationId: operation.id,
    referenceDate: '2026-11-25',
    source: textSource(stringifyCells(cells)),
  });

  let mostValues = 0;
  let longestList = 0;
  const query = vi.spyOn(pg.Client.prototype, 'query');
  query.mockImplementation(function (this: pg.Client, ...args: unknown[]) {
    const values = valuesOf(args);
    mostValues = Math.max(mostValues, values.length);
    for (const value of values) if (Array.isArray(value)) longestList = Math.max(longestList, value.length);
    return Reflect.apply(plain, this, args);
  });
  const store = storeOf(pool, keyring, { page: PAGE });
  await importActivities({ store }).check(importId);
  expect(await orderCommit(pool, keyring, importId)).toBe('started');

  const seen: number[] = [];
  let failed = false;
  const commitNext = async (id: string) => {
    // a database that goes away in the middle of a piece
    if (seen.length === 5 && !failed) {
      failed = true;
      throw new Error('the database went away');
    }
    const page = await store.commitNext(id);
    seen.push((await importReadsOn(databaseOn(pool), keyring).read(importId))?.done ?? -1);
    return page;
  };
  const commit = () => importActivities({ store: { ...store, commitNext } }).commit(importId);
  await expect(commit()).rejects.toThrow('went away');
  expect(await commit()).toEqual({ committed: true });
  query.mockRestore();

  const people = ROWS - rejected.size;
  expect(mostValues).toBeLessThan(100);
  expect(longestList).toBeLessThanOrEqual(5 * PAGE);
  expect(longestList).toBeLessThan(MOST_VALUES);
  // the progress is true, and no piece was done twice
  expect(seen.slice(0, -1)).toEqual(
    Array.from({ length: ROWS / PAGE }, (_, i) => PAGE * (i + 1) - rejectedUpTo(PAGE * (i + 1))),
  );
  const { rows } = await pool.query(
    'select count(*)::int as journeys, count(distinct import_row)::int as rows from journeys where operation_id = $1',
    [operation.id],
  );
  expect(rows).toEqual([{ journeys: people, rows: people }]);
  console.log(`${ROWS} rows: at most ${mostValues} values in a statement, ${longestList} in one of its lists`);

  // no page reads a table whole, however far the statistics are behind what came in
  const { rows: scanned } = await pool.query<{ table: string; read: number }>(
    `select relname as table, seq_tup_read as read from pg_stat_user_tables
      where relname in ('persons', 'person_search', 'households', 'journeys') and seq_tup_read >= $1`,
    [ROWS],
  );
  expect(scanned).toEqual([]);

  function rejectedUpTo(row: number): number {
    return [...rejected].filter((one) => one <= row).length;
  }
});
