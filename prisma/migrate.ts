/**
 * Applies prisma/migrations/<name>/migration.sql in order, each in one transaction and one simple query (so that `$$`
 * bodies work), and keeps the table and the checksums that Prisma keeps: `prisma migrate deploy` can take over.
 * A file whose first line is `-- outside a transaction` runs statement by statement (see `applyOutside`).
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { MigrationRefused, OtherBaseline } from './refused.ts';
import { ensureRoles } from './roles.ts';

const MIGRATIONS = join(dirname(fileURLToPath(import.meta.url)), 'migrations');
/** Key of the advisory lock, the one that Prisma's own engine takes: the two wait for each other. */
const LOCK = 72_707_369;
const LOCK_POLL_MS = 50;
/** A migration that waits for a lock makes everybody behind it wait too, so it gives up early and is run again. */
const LOCK_TIMEOUT_MS = 5_000;

/** Suffix of the migration that makes the whole database. */
const BASELINE = '_baseline';
/** First line of a migration that cannot run in a transaction, and the line between its statements. */
const OUTSIDE = '-- outside a transaction';
const NEXT_STATEMENT = /^-- next statement$/m;

/** As Prisma's schema engine makes it. */
const TABLE = `
  create table if not exists _prisma_migrations (
    id                  varchar(36) primary key not null,
    checksum            varchar(64) not null,
    finished_at         timestamptz,
    migration_name      varchar(255) not null,
    logs                text,
    rolled_back_at      timestamptz,
    started_at          timestamptz not null default now(),
    applied_steps_count integer not null default 0
  )`;

export interface MigrateOptions {
  /** Folder with one folder for each migration. */
  directory?: string;
  /** Receives one line for each migration applied. */
  log?: (line: string) => void;
}

interface Migration {
  name: string;
  sql: string;
  /** sha256 of the file, hex. */
  checksum: string;
}

interface Row {
  migration_name: string;
  checksum: string;
  finished: boolean;
}

/**
 * Brings the database at `url` up to date; what is applied already is left alone. Several at once wait for each other.
 * @returns the names applied by this call, in order.
 * @throws MigrationRefused when an applied file was changed or removed, one failed before, or one fails now.
 */
export async function migrate(url: string, options: MigrateOptions = {}): Promise<{ applied: string[] }> {
  const { directory = MIGRATIONS, log = () => undefined } = options;
  const wanted = readMigrations(directory);
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    application_name: 'homeward migrate',
  });
  // A server that goes meanwhile fails the query that is under way; that is where it is told.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await takeLock(client);
    await client.query(`set lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await ensureRoles(client);
    await client.query(TABLE);
    const { rows } = await client.query<Row>(
      `select migration_name, checksum, finished_at is not null as finished
         from _prisma_migrations where rolled_back_at is null order by started_at`,
    );
    refuseWhatDoesNotFit(rows, wanted);
    const done = new Set(rows.map((row) => row.migration_name));
    const applied: string[] = [];
    for (const migration of wanted.filter(({ name }) => !done.has(name))) {
      await apply(client, migration);
      log(`applied ${migration.name}`);
      applied.push(migration.name);
    }
    return { applied };
  } finally {
    // The session's end gives the lock back.
    await client.end();
  }
}

/**
 * Asks again and again instead of waiting in one statement: a statement that waits holds a snapshot, and an index that is
 * built concurrently waits for all snapshots, so that the two would wait for each other.
 */
async function takeLock(client: pg.Client): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [LOCK]);
    if (rows[0]?.taken === true) return;
    await pause(LOCK_POLL_MS);
  }
}

function readMigrations(directory: string): Migration[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(directory, entry.name, 'migration.sql')))
    .map(({ name }) => {
      const bytes = readFileSync(join(directory, name, 'migration.sql'));
      return { name, sql: bytes.toString('utf8'), checksum: createHash('sha256').update(bytes).digest('hex') };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function refuseWhatDoesNotFit(rows: Row[], wanted: Migration[]): void {
  const [first] = rows;
  const baseline = wanted.find(({ name }) => name.endsWith(BASELINE));
  const isOurs = (row: Row) => row.migration_name === baseline?.name && row.checksum === baseline.checksum;
  if (first !== undefined && baseline !== undefined && !rows.some(isOurs)) {
    throw new OtherBaseline(
      `The database was made from another baseline (${first.migration_name}) than that of this version (${baseline.name}), and its data cannot be carried over`,
    );
  }
  for (const row of rows) {
    const name = row.migration_name;
    if (!row.finished) {
      throw new MigrationRefused(
        `Migration ${name} failed before and nobody has cleared it up: correct the database, then delete its row in _prisma_migrations (or run prisma migrate resolve).`,
      );
    }
    const file = wanted.find((migration) => migration.name === name);
    if (file === undefined) {
      throw new MigrationRefused(
        `The database has migration ${name}, which this version does not know: it belongs to a newer version of Homeward. Start that one.`,
      );
    }
    if (file.checksum !== row.checksum) {
      throw new MigrationRefused(
        `Migration ${name} was changed after it was applied: bring its file back as it was and put the change into a new migration.`,
      );
    }
  }
  const last = rows.at(-1)?.migration_name;
  const late = wanted.find(
    ({ name }) => last !== undefined && name < last && !rows.some((row) => row.migration_name === name),
  );
  if (late !== undefined) {
    throw new MigrationRefused(
      `Migration ${late.name} is older than ${last}, which is already applied: rename it so that it comes last.`,
    );
  }
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  if (migration.sql.startsWith(`${OUTSIDE}\n`)) await applyOutside(client, migration);
  else await applyInside(client, migration);
}

/** The file and its row in one transaction: a failure leaves the database as it was and no row behind. */
async function applyInside(client: pg.Client, migration: Migration): Promise<void> {
  await client.query('begin');
  try {
    const startedAt = await clockOf(client);
    await client.query(migration.sql);
    await writeRow(client, migration, startedAt);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw refusalOf(error, migration, 'nothing of it was kept', migration.sql);
  }
}

/**
 * One statement after the other, for what PostgreSQL refuses in a transaction (`create index concurrently`). Such
 * statements wait for old transactions without blocking anybody, so they may wait. One that fails is not compensated and the
 * next run begins with the first again: each must bear that (`drop index concurrently if exists …` before `create`).
 */
async function applyOutside(client: pg.Client, migration: Migration): Promise<void> {
  const startedAt = await clockOf(client);
  await client.query('set lock_timeout = 0');
  for (const statement of migration.sql.split(NEXT_STATEMENT)) {
    try {
      await client.query(statement);
    } catch (error) {
      throw refusalOf(error, migration, 'what it did before that was kept', statement);
    }
  }
  await client.query(`set lock_timeout = ${LOCK_TIMEOUT_MS}`);
  await writeRow(client, migration, startedAt);
}

async function clockOf(client: pg.Client): Promise<Date | undefined> {
  const { rows } = await client.query<{ at: Date }>('select clock_timestamp() as at');
  return rows[0]?.at;
}

async function writeRow(client: pg.Client, { name, checksum }: Migration, startedAt: Date | undefined): Promise<void> {
  await client.query(
    `insert into _prisma_migrations (id, checksum, finished_at, migration_name, started_at, applied_steps_count)
     values ($1, $2, clock_timestamp(), $3, $4, 1)`,
    [randomUUID(), checksum, name, startedAt],
  );
}

/** SQLSTATE of a statement that waited too long for a lock. */
const LOCK_NOT_AVAILABLE = '55P03';

function refusalOf(error: unknown, { name }: Migration, kept: string, sql: string): unknown {
  if (!(error instanceof pg.DatabaseError)) return error;
  const again = error.code === LOCK_NOT_AVAILABLE ? '; somebody uses the table, run it again' : '';
  return new MigrationRefused(
    `Migration ${name} failed and ${kept}: ${error.message}${lineOf(sql, error.position)}${again}`,
    { cause: error },
  );
}

function lineOf(sql: string, position: string | undefined): string {
  return position === undefined ? '' : ` (line ${sql.slice(0, Number(position)).split('\n').length})`;
}
