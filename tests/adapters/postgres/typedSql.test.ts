import { sql } from 'kysely';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  anyOf,
  type Db,
  databaseOn,
  instant,
  json,
  moment,
  openPool,
  recordset,
} from '../../../adapters/postgres/database.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';

let database: TestDatabase;
let pool: Pool;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  pool = openPool(database.url, 4);
  db = databaseOn(pool);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const alarm = (id: string, detail: unknown = {}) => ({
  id,
  subject: 'part',
  kind: 'cancel_requested' as const,
  detail: json(detail),
});
describe('typed statements', () => {
  it('read moments as milliseconds with their microseconds, and go on exactly after them', async () => {
    await db.insertInto('alarms').values(alarm('a')).execute();
    await sql`update alarms set raised_at = '2026-12-01 03:00:00.123456+00' where id = 'a'`.execute(db);
    const read = db.selectFrom('alarms').select((eb) => [instant(eb, 'raisedAt'), instant(eb, 'settledAt')]);
    const [row] = await read.execute();
    expect(row).toEqual({ raisedAt: Date.UTC(2026, 11, 1, 3) + 123.456, settledAt: null });
    const after = (at: number) => read.where('raisedAt', '>', moment(at)).execute();
    expect(await after(row?.raisedAt ?? 0)).toEqual([]);
    expect(await after((row?.raisedAt ?? 0) - 0.001)).toHaveLength(1);
  });

  it('keep the names inside JSON, and arrays as JSON', async () => {
    await db
      .insertInto('alarms')
      .values([alarm('b', { some_key: { otherKey: 1 } }), alarm('c', [1, 'two'])])
      .execute();
    const rows = await db
      .selectFrom('alarms')
      .select(['id', 'detail'])
      .where('id', '=', anyOf(['b', 'c']))
      .execute();
    expect(rows.map(({ detail }) => detail)).toEqual([{ some_key: { otherKey: 1 } }, [1, 'two']]);
    expect(await db.selectFrom('alarms').select('id').where('id', '=', anyOf([])).execute()).toEqual([]);
  });

  it('take rows as one value', async () => {
    const rows = [
      { group_id: 'x', seats: 2, kinds: ['a', 'b'] },
      { group_id: 'y', seats: 1 },
    ];
    const columns = { groupId: 'text', seats: 'int', kinds: 'text[]' } as const;
    expect(
      await db
        .selectFrom(recordset(rows, columns, 'r'))
        .selectAll('r')
        .execute(),
    ).toEqual([
      { groupId: 'x', seats: 2, kinds: ['a', 'b'] },
      { groupId: 'y', seats: 1, kinds: null },
    ]);
  });

  it('that run again and again are prepared once in each session', async () => {
    await db.connection().execute(async (session) => {
      const prepared = async () =>
        (
          await sql<{ count: number }>`select count(*)::int as count from pg_prepared_statements
            where statement like 'select "seconds"%'`.execute(session)
        ).rows[0]?.count;
      const run = (subject: string) =>
        session.selectFrom('lateness').select('seconds').where('subject', '=', subject).execute();
      await run('1');
      expect(await prepared()).toBe(0);
      for (const subject of ['2', '3', '4', '5']) await run(subject);
      expect(await prepared()).toBe(1);
    });
  });
});
