import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate } from '../../prisma/migrate.ts';
import { MigrationRefused, OtherBaseline } from '../../prisma/refused.ts';
import { resetDatabase } from '../../prisma/reset.ts';
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

describe('a migration outside a transaction', () => {
  let database: TestDatabase;
  let directory: string;
  const write = (name: string, sql: string) => {
    mkdirSync(join(directory, name), { recursive: true });
    writeFileSync(join(directory, name, 'migration.sql'), sql);
  };
  const INDEX = `-- outside a transaction
drop index concurrently if exists things_by_name;
-- next statement
create index concurrently things_by_name on things (name);
`;

  beforeEach(async () => {
    database = await emptyDatabase();
    directory = mkdtempSync(join(tmpdir(), 'homeward-migrations-'));
    write('1_things', 'create table things (name text)');
  });
  afterEach(async () => {
    await database.drop();
    rmSync(directory, { recursive: true });
  });

  it('builds an index concurrently, statement by statement, also while others wait for their turn', async () => {
    await migrate(database.url, { directory });
    write('2_index', INDEX);
    const results = await Promise.all(Array.from({ length: 4 }, () => migrate(database.url, { directory })));
    expect(results.flatMap(({ applied }) => applied)).toEqual(['2_index']);
    expect(
      (await database.pool.query("select indisvalid from pg_index where indexrelid = 'things_by_name'::regclass")).rows,
    ).toEqual([{ indisvalid: true }]);
  });

  it('that fails keeps what it did, has no row, and begins again', async () => {
    await migrate(database.url, { directory });
    write('2_index', INDEX.replace('(name)', '(nobody)'));
    await expect(migrate(database.url, { directory })).rejects.toThrow(/what it did before that was kept: .*nobody.*/);
    write('2_index', INDEX);
    expect(await migrate(database.url, { directory })).toEqual({ applied: ['2_index'] });
  });

  it('that is not marked gives up when somebody holds the table, and says so', async () => {
    await migrate(database.url, { directory });
    write('2_column', 'alter table things add column more text');
    const holder = await database.pool.connect();
    await holder.query('begin; select from things');
    await expect(migrate(database.url, { directory })).rejects.toThrow(/lock timeout; somebody uses the table/);
    await holder.query('commit');
    holder.release();
    expect(await migrate(database.url, { directory })).toEqual({ applied: ['2_column'] });
  });
});

describe('a database of another baseline', () => {
  let database: TestDatabase;
  let directory: string;
  beforeEach(async () => {
    database = await emptyDatabase();
    directory = mkdtempSync(join(tmpdir(), 'homeward-migrations-'));
  });
  afterEach(async () => {
    await database.drop();
    rmSync(directory, { recursive: true });
  });
  const apply = async (name: string, sql: string) => {
    mkdirSync(join(directory, name), { recursive: true });
    writeFileSync(join(directory, name, 'migration.sql'), sql);
    await migrate(database.url, { directory });
  };
  const OURS = 'create table operations (); create table journeys (); create table person_keys ();';

  it.each([
    ['of another name', '20261125000000_first'],
    ['of another content', '20261201000000_baseline'],
  ])(
    '%s is distinguished from one of a newer version, is left alone, and is made anew when that is asked for',
    async (_, name) => {
      await apply(name, OURS);
      await expect(migrate(database.url)).rejects.toThrow(OtherBaseline);
      await expect(migrate(database.url)).rejects.toThrow(/another baseline \(\d+_\w+\) than that of this version/);
      expect((await database.pool.query("select to_regclass('holds') as found")).rows).toEqual([{ found: null }]);
      await resetDatabase(database.url);
      expect((await migrate(database.url)).applied[0]).toMatch(/_baseline$/);
      expect(await migrate(database.url)).toEqual({ applied: [] });
    },
  );

  it('is not emptied where it is somebody else’s', async () => {
    await database.pool.query('create table _prisma_migrations (); create table operations (); create table orders ()');
    await expect(resetDatabase(database.url)).rejects.toThrow(/is not one of Homeward .*not journeys, person_keys/);
    expect((await database.pool.query("select to_regclass('orders') as found")).rows).toEqual([{ found: 'orders' }]);
  });
});

describe('the system itself', () => {
  it('gives each test file a migrated database of its own', async () => {
    const [one, other] = await Promise.all([testDatabase(), testDatabase()]);
    await one.owner.query('create table only_here (n integer)');
    expect((await other.pool.query("select to_regclass('only_here') as found")).rows).toEqual([{ found: null }]);
    expect((await other.pool.query("select to_regclass('operations') as found")).rows).toEqual([
      { found: 'operations' },
    ]);
    await Promise.all([one.drop(), other.drop()]);
  });
});
