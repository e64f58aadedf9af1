import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

const DENIED = { code: '42501' };

describe('the role of API and worker', () => {
  it('is who the tests connect as, and owns nothing', async () => {
    expect((await database.pool.query('select current_user as who')).rows).toEqual([{ who: 'homeward_app' }]);
    const { rows } = await database.owner.query(
      `select relname from pg_class where relowner = 'homeward_app'::regrole
       union all select proname from pg_proc where proowner = 'homeward_app'::regrole`,
    );
    expect(rows).toEqual([]);
  });

  it.each([
    'drop table journeys',
    'alter table journeys add column more text',
    'create table mine (n integer)',
    'create or replace function record_events(batch jsonb) returns jsonb language sql as $$ select batch $$',
    'alter table event_log disable trigger all',
    'truncate event_log',
    "update event_log set type = 'x'",
    'delete from event_log',
    "update disclosures set purpose = 'x'",
    'delete from disclosures',
    "update access_log set purpose = 'x'",
    'delete from access_log',
    'update manifest_entries set position = 1',
    'delete from manifest_entries',
    'delete from persons',
    'delete from person_search',
    "update sectors set name = 'x'",
    'select from _prisma_migrations',
    'create role another',
  ])('cannot %s', async (statement) => {
    await expect(database.pool.query(statement)).rejects.toMatchObject(DENIED);
  });

  it('reaches search keys through the role that has them, and only through it', async () => {
    const { rows } = await database.owner.query(
      `select grantee, string_agg(privilege_type, ' ' order by privilege_type) as may from information_schema.role_table_grants
        where table_name = 'person_search' and grantee like 'homeward\\_%' group by grantee`,
    );
    expect(rows).toEqual([{ grantee: 'homeward_search', may: 'INSERT SELECT' }]);
    await expect(database.pool.query('select from person_search limit 1')).resolves.toBeDefined();
  });
});
