import { CompiledQuery, sql } from 'kysely';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLoop } from '../../../adapters/background/loop.ts';
import { databaseOn, openPool, SESSION_LIMITS } from '../../../adapters/postgres/database.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';

const SHOWN = `select name, setting::int as ms from pg_settings where name = any($1) order by name`;
const NAMES = Object.keys(SESSION_LIMITS).toSorted();
const silent = { info: () => undefined, warn: () => undefined };

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await testDatabase();
  pool = openPool(database.url, 4);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

describe('limits of every session', () => {
  it('hold for the pool', async () => {
    expect((await pool.query(SHOWN, [NAMES])).rows).toEqual([
      { name: 'idle_in_transaction_session_timeout', ms: 60_000 },
      { name: 'lock_timeout', ms: 10_000 },
      { name: 'statement_timeout', ms: 60_000 },
    ]);
  });

  it.each([
    [undefined, 60_000],
    [600_000, 600_000],
  ])('hold for a loop, whose statements may have one of their own (%s)', async (statementTimeoutMs, expected) => {
    const shown = await new Promise<unknown>((resolve) => {
      const loop = startLoop({
        name: 'duplicate matcher',
        connectionString: database.url,
        statementTimeoutMs,
        pollMs: 10_000,
        log: silent,
        async pass(db) {
          resolve((await db.executeQuery(CompiledQuery.raw(SHOWN, [NAMES]))).rows);
          void loop.stop();
          return 'idle';
        },
      });
    });
    expect(shown).toEqual([
      expect.objectContaining({ ms: 60_000 }),
      { name: 'lock_timeout', ms: 10_000 },
      { name: 'statement_timeout', ms: expected },
    ]);
  });

  it('may be changed by a transaction for itself alone', async () => {
    await databaseOn(pool)
      .transaction()
      .execute((tx) => sql`set local lock_timeout = '50ms'`.execute(tx));
    expect((await pool.query('show lock_timeout')).rows).toEqual([{ lock_timeout: '10s' }]);
  });
});
