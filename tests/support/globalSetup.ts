import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../prisma/migrate.ts';
import { startPostgres } from '../../processes/parts/postgres.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Address of the run's PostgreSQL, database `postgres`. */
    postgresUrl: string;
    /** The same under the role of API and worker. */
    postgresAppUrl: string;
    /** Name of the migrated database that each file's own is cloned from. */
    templateDatabase: string;
  }
}

/** One PostgreSQL for the run, with everything migrated once; it is gone with its files when the run ends. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'homeward-tests-'));
  mkdirSync(folder, { recursive: true });
  const server = await startPostgres({
    dataDir: join(folder, 'postgres'),
    port: 0,
    unsafeFast: true,
    log: () => undefined,
  });
  const template = `homeward_template_${randomBytes(4).toString('hex')}`;
  const admin = new pg.Client({ connectionString: server.adminUrl });
  await admin.connect();
  await admin.query(`create database ${template}`);
  await migrate(server.url(template));
  await admin.end();
  project.provide('postgresUrl', server.adminUrl);
  project.provide('postgresAppUrl', server.appUrl('postgres'));
  project.provide('templateDatabase', template);
  return async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}
