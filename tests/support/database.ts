import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';

export interface TestDatabase {
  /** Under the role of API and worker, as `pool`. */
  url: string;
  pool: pg.Pool;
  /** Under the role that owns the tables, for what API and worker never do. */
  ownerUrl: string;
  owner: pg.Pool;
  /** Closes the pool and removes the database. Call it in afterAll. */
  drop(): Promise<void>;
}

/** A fresh database with every migration applied, cloned from the run's template (tens of milliseconds). */
export async function testDatabase(): Promise<TestDatabase> {
  const template = inject('templateDatabase');
  const name = `homeward_test_${randomBytes(6).toString('hex')}`;
  await asAdmin(async (admin) => {
    // Two clones of one template at once are refused by the server, so they take turns.
    await admin.query('select pg_advisory_lock(hashtext($1))', [template]);
    await admin.query(`create database ${name} template ${template}`);
  });
  return databaseOf(name, inject('postgresAppUrl'));
}

/** An empty database, without our migrations; its pool is the owner's too. */
export async function emptyDatabase(): Promise<TestDatabase> {
  const name = `homeward_empty_${randomBytes(6).toString('hex')}`;
  await asAdmin((admin) => admin.query(`create database ${name}`));
  return databaseOf(name, inject('postgresUrl'));
}

function databaseOf(name: string, server: string): TestDatabase {
  const [url, ownerUrl] = [withName(server, name), withName(inject('postgresUrl'), name)];
  const pool = new pg.Pool({ connectionString: url, max: 20 });
  const owner = new pg.Pool({ connectionString: ownerUrl, max: 2 });
  // Dropping the database with force ends idle sessions; a pool without a listener would bring the test run down.
  for (const each of [pool, owner]) each.on('error', () => undefined);
  return {
    url,
    pool,
    ownerUrl,
    owner,
    async drop() {
      await Promise.all([pool.end(), owner.end()]);
      await asAdmin((admin) => admin.query(`drop database if exists ${name} with (force)`));
    },
  };
}

function withName(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

async function asAdmin<T>(work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: inject('postgresUrl') });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}
