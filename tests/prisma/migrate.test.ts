import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MigrationRefused, migrate } from '../../prisma/migrate.ts';
import { emptyDatabase, type TestDatabase, testDatabase } from '../support/database.ts';

const COUNTER = `
create table counted (n integer not null);
create function count_up() returns trigger language plpgsql as $$
begin
  update counted set n = n + 1; -- a semicolon inside the body; and another
  return new;
end $$;
create table things (id integer primary key);
create trigger things_counted after insert on things for each row execute function count_up();
insert into counted values (0);
`;

describe('migrations', () => {
  let database: TestDatabase;
  let directory: string;

  const write = (name: string, sql: string) => {
    mkdirSync(join(directory, name), { recursive: true });
    writeFileSync(join(directory, name, 'migration.sql'), sql);
  };

  beforeEach(async () => {
    database = await emptyDatabase();
    directory = mkdtempSync(join(tmpdir(), 'homeward-migrations-'));
  });

  afterEach(async () => {
    await database.drop();
    rmSync(directory, { recursive: true });
  });

  it('are applied once, in order, with $$ bodies whole', async () => {
    write('2_more', 'alter table things add column name text');
    write('1_counter', COUNTER);
    expect(await migrate(database.url, { directory })).toEqual({ applied: ['1_counter', '2_more'] });
    expect(await migrate(database.url, { directory })).toEqual({ applied: [] });
    await database.pool.query("insert into things (id, name) values (1, 'a'), (2, 'b')");
    expect((await database.pool.query('select n from counted')).rows).toEqual([{ n: 2 }]);
  });

  it('leave rows as Prisma writes them', async () => {
    write('1_counter', COUNTER);
    await migrate(database.url, { directory });
    const { rows } = await database.pool.query('select * from _prisma_migrations');
    expect(rows).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        checksum: createHash('sha256')
          .update(readFileSync(join(directory, '1_counter/migration.sql')))
          .digest('hex'),
        migration_name: '1_counter',
        started_at: expect.any(Date),
        finished_at: expect.any(Date),
        logs: null,
        rolled_back_at: null,
        applied_steps_count: 1,
      },
    ]);
  });

  it('that run at the same time wait for each other and apply once', async () => {
    write('1_counter', COUNTER);
    write('2_more', 'alter table things add column name text');
    const results = await Promise.all(Array.from({ length: 6 }, () => migrate(database.url, { directory })));
    expect(results.flatMap((result) => result.applied).sort()).toEqual(['1_counter', '2_more']);
  });

  it('refuse a file that was changed after it was applied', async () => {
    write('1_counter', COUNTER);
    await migrate(database.url, { directory });
    write('1_counter', `${COUNTER}\n-- a later thought`);
    await expect(migrate(database.url, { directory })).rejects.toThrow(/1_counter was changed after it was applied/);
  });

  it('refuse a database of a newer version', async () => {
    write('1_counter', COUNTER);
    await migrate(database.url, { directory });
    rmSync(join(directory, '1_counter'), { recursive: true });
    await expect(migrate(database.url, { directory })).rejects.toThrow(/1_counter, which this version does not know/);
  });

  it('refuse to slip one in before what is applied', async () => {
    write('2_counter', COUNTER);
    await migrate(database.url, { directory });
    write('1_late', 'create table late (n integer)');
    await expect(migrate(database.url, { directory })).rejects.toThrow(/1_late is older than 2_counter/);
  });

  it('keep nothing of one that fails, say which and where, and go on once it is corrected', async () => {
    write('1_counter', COUNTER);
    write('2_broken', 'create table kept_not (n integer);\n\ninsert into nowhere values (1);');
    const failure = migrate(database.url, { directory });
    await expect(failure).rejects.toThrow(MigrationRefused);
    await expect(failure).rejects.toThrow(/2_broken failed and nothing of it was kept: .*nowhere.* \(line 3\)/);
    expect((await database.pool.query("select to_regclass('kept_not') as found")).rows).toEqual([{ found: null }]);
    write('2_broken', 'create table kept (n integer)');
    expect(await migrate(database.url, { directory })).toEqual({ applied: ['2_broken'] });
  });

  it('refuse to go on after one that Prisma left unfinished', async () => {
    write('1_counter', COUNTER);
    await migrate(database.url, { directory });
    await database.pool.query('update _prisma_migrations set finished_at = null');
    await expect(migrate(database.url, { directory })).rejects.toThrow(/1_counter failed before/);
  });
});

describe('the system itself', () => {
  it('gives each test file a migrated database of its own', async () => {
    const [one, other] = await Promise.all([testDatabase(), testDatabase()]);
    await one.pool.query('create table only_here (n integer)');
    expect((await other.pool.query("select to_regclass('only_here') as found")).rows).toEqual([{ found: null }]);
    expect((await other.pool.query("select to_regclass('operations') as found")).rows).toEqual([
      { found: 'operations' },
    ]);
    await Promise.all([one.drop(), other.drop()]);
  });
});
