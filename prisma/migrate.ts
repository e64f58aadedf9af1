/**
 * Applies prisma/migrations/<name>/migration.sql in order, each in one transaction and one simple query (so that `$$`
 * bodies work), and keeps the table and the checksums that Prisma keeps: `prisma migrate deploy` can take over.
 * Runnable: `DATABASE_URL=… npm run migrate`.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import pg from 'pg';

const MIGRATIONS = join(dirname(fileURLToPath(import.meta.url)), 'migrations');
/** Key of the advisory lock, the one that Prisma's own engine takes: the two wait for each other. */
const LOCK = 72_707_369;

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

/** A migration was refused; the message says which, why and what to do. */
export class MigrationRefused extends Error {
  override name = 'MigrationRefused';
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
    await client.query('select pg_advisory_lock($1)', [LOCK]);
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

/** The file and its row in one transaction: a failure leaves the database as it was and no row behind. */
async function apply(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  await client.query('begin');
  try {
    const started = await client.query<{ at: Date }>('select clock_timestamp() as at');
    await client.query(sql);
    await client.query(
      `insert into _prisma_migrations (id, checksum, finished_at, migration_name, started_at, applied_steps_count)
       values ($1, $2, clock_timestamp(), $3, $4, 1)`,
      [randomUUID(), checksum, name, started.rows[0]?.at],
    );
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    if (error instanceof pg.DatabaseError) {
      throw new MigrationRefused(
        `Migration ${name} failed and nothing of it was kept: ${error.message}${lineOf(sql, error.position)}`,
        {
          cause: error,
        },
      );
    }
    throw error;
  }
}

function lineOf(sql: string, position: string | undefined): string {
  return position === undefined ? '' : ` (line ${sql.slice(0, Number(position)).split('\n').length})`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const url = process.env['DATABASE_URL'];
  if (url === undefined || url === '') {
    process.stderr.write('Give the address of the database in DATABASE_URL.\n');
    process.exitCode = 1;
  } else {
    const { applied } = await migrate(url, { log: (line) => process.stdout.write(`${line}\n`) });
    if (applied.length === 0) process.stdout.write('The database is up to date.\n');
  }
}
