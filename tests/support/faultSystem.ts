import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client as TemporalClient } from '@temporalio/client';
import pg from 'pg';
import { loadKeyring } from '../../adapters/crypto/keyring.ts';
import { openTemporal } from '../../adapters/temporal/client.ts';
import { migrate } from '../../prisma/migrate.ts';
import { cacheFolder } from '../../processes/config.ts';
import { anyFreePort } from '../../processes/parts/ports.ts';
import { type Postgres, startPostgres } from '../../processes/parts/postgres.ts';
import { startTemporal } from '../../processes/parts/temporal.ts';
import { temporalBinary } from '../../processes/parts/temporalPrograms.ts';
import { Client, type Token, tokens } from '../../sandbox/client.ts';
import { startIssuer, TOKEN_TYPE } from '../../sandbox/issuer/issuer.ts';
import { testDatabase } from './database.ts';
import { type Link, openLink } from './link.ts';
import { breakable, launchNode, type Part } from './part.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const silent = () => undefined;

/** One attempt at a request to the API. `status` 0: no response. */
export type Tried = { status: number; body: Record<string, unknown>; headers: Headers };

/** The system as it is deployed (API, workers, PostgreSQL, the real Temporal server on its file), every part breakable. */
export type FaultSystem = {
  api: Part;
  workers: Part[];
  temporal: Part;
  /** set with `ownPostgres`; otherwise tests share a server that none may break */
  postgres: Part | undefined;
  /** the only network paths from the API and the workers to PostgreSQL and Temporal */
  links: Record<'apiToDatabase' | 'apiToTemporal' | 'workerToDatabase' | 'workerToTemporal', Link>;
  /** direct connection to the database, past every link */
  db: pg.Pool;
  /** direct connection to Temporal, past every link */
  engine: TemporalClient;
  apiUrl: string;
  /** an API client of one of the local users, with retries */
  as(role: string): Client;
  /** one attempt, without retries */
  once(role: string, method: 'GET' | 'POST', path: string, body?: unknown, key?: string): Promise<Tried>;
  /** for requests that a test makes by itself */
  token(role: string): Promise<string>;
  /** where the parts write their logs, and Temporal its store */
  folder: string;
  close(): Promise<void>;
};

export type FaultSystemOptions = { workers?: number; ownPostgres?: boolean };

/** Starts everything but the workers, which the test starts. */
export async function openFaultSystem({
  workers = 1,
  ownPostgres = false,
}: FaultSystemOptions = {}): Promise<FaultSystem> {
  const folder = mkdtempSync(join(tmpdir(), 'homeward-faults-'));
  mkdirSync(join(folder, 'logs'));
  const closing: Array<() => Promise<unknown>> = [];
  const close = async (): Promise<void> => {
    for (const end of closing.reverse()) await end();
    // Keeps the logs of every part for an investigation.
    if (process.env['FAULTS_KEEP'] === undefined) rmSync(folder, { recursive: true, force: true });
  };
  const opened = async <T>(thing: T, end: (thing: T) => Promise<unknown>): Promise<T> => {
    closing.push(() => end(thing));
    return thing;
  };
  try {
    const [database, temporalPort, issuer, apiPort] = await Promise.all([
      ownPostgres ? ownDatabase(folder) : sharedDatabase(),
      anyFreePort(),
      startIssuer({ port: 0, dataDir: join(folder, 'issuer') }),
      anyFreePort(),
      loadKeyring(join(folder, 'keys.json'), { createIfMissing: true }),
    ]);
    await opened(database, ({ end }) => end());
    await opened(issuer, () => issuer.stop());
    const temporal = await opened(temporalPart(folder, temporalPort), (part) => part.stop());
    await temporal.start();
    const engine = openTemporal({ connection: { address: `127.0.0.1:${temporalPort}` }, namespace: 'default' });
    await opened(engine, () => engine.connection.close());

    const databasePort = Number(new URL(database.url).port);
    const links = {
      apiToDatabase: await openLink({ port: databasePort }),
      apiToTemporal: await openLink({ port: temporalPort }),
      workerToDatabase: await openLink({ port: databasePort }),
      workerToTemporal: await openLink({ port: temporalPort }),
    };
    await opened(links, (all) => Promise.all(Object.values(all).map((link) => link.close())));

    const environment = (toDatabase: Link, toTemporal: Link): Record<string, string> => ({
      // The bundle of workflows is made once for all tests.
      HOMEWARD_DATA: join(root, '.homeward/checks'),
      HOMEWARD_LOCAL: 'true',
      HOMEWARD_LOG_LEVEL: 'info',
      HOMEWARD_KEY_FILE: join(folder, 'keys.json'),
      HOMEWARD_OIDC_ISSUER: issuer.issuer,
      HOMEWARD_OIDC_AUDIENCE: issuer.audience,
      HOMEWARD_OIDC_TOKEN_TYPE: TOKEN_TYPE,
      HOMEWARD_API_PORT: String(apiPort),
      DATABASE_URL: withPort(database.url, toDatabase.port),
      TEMPORAL_ADDRESS: `127.0.0.1:${toTemporal.port}`,
    });
    const ours = (name: string, file: string, env: Record<string, string>): Part =>
      breakable(name, () =>
        launchNode({ name, file: join(root, file), cwd: root, env, logFile: join(folder, 'logs', `${name}.log`) }),
      );
    const api = ours('api', 'processes/api.ts', environment(links.apiToDatabase, links.apiToTemporal));
    const workerEnvironment = environment(links.workerToDatabase, links.workerToTemporal);
    const team = Array.from({ length: workers }, (_, index) =>
      ours(`worker-${index}`, 'processes/worker.ts', workerEnvironment),
    );
    // A worker that is told to end waits for its polls; what it leaves compensated is nobody's any more.
    await opened(team, (all) => Promise.all(all.filter((part) => part.running()).map((part) => part.kill())));
    await opened(api, (part) => part.stop());
    await api.start();

    const apiUrl = `http://127.0.0.1:${apiPort}`;
    const tokenOf = new Map<string, Token>(issuer.users.map((user) => [user.id, tokens(issuer.tokenEndpoint, user)]));
    const token = (role: string): Token => {
      const found = tokenOf.get(role);
      if (!found) throw new Error(`There is no ${role}`);
      return found;
    };
    return {
      api,
      workers: team,
      temporal,
      postgres: database.part,
      links,
      db: database.pool,
      engine,
      apiUrl,
      as: (role) => new Client(apiUrl, token(role)),
      once: async (role, method, path, body, key) => tryOnce(apiUrl, await token(role)(), { method, path, body, key }),
      token: (role) => token(role)(),
      folder,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

type SystemDatabase = { url: string; pool: pg.Pool; part: Part | undefined; end(): Promise<void> };

async function sharedDatabase(): Promise<SystemDatabase> {
  const { url, pool, drop } = await testDatabase();
  return { url, pool, part: undefined, end: drop };
}

/** A server of its own that writes through: what it said is committed outlives kill -9. */
async function ownDatabase(folder: string): Promise<SystemDatabase> {
  const dataDir = join(folder, 'postgres');
  let server: Postgres = await startPostgres({ dataDir, port: 0, log: silent });
  const { port } = server;
  const admin = new pg.Client({ connectionString: server.adminUrl });
  await admin.connect();
  await admin.query('create database homeward');
  await admin.end();
  const url = server.appUrl('homeward');
  await migrate(server.url('homeward'));
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  pool.on('error', silent);
  let first = true;
  const part = breakable('postgres', async () => {
    if (!first) server = await startPostgres({ dataDir, port, log: silent });
    first = false;
    return server.pid;
  });
  await part.start();
  return {
    url,
    pool,
    // A fast shutdown, as an operator's restart is; a plain SIGTERM would wait for every session to leave.
    part: { ...part, stop: () => server.stop() },
    async end() {
      await pool.end();
      if (part.running()) part.thaw();
      await server.stop();
    },
  };
}

function temporalPart(folder: string, port: number): Part {
  return breakable('temporal', async () => {
    const program = await temporalBinary({ cacheDir: cacheFolder(), path: process.env['PATH'], log: silent });
    const dataDir = join(folder, 'temporal');
    return (await startTemporal({ program, dataDir, port, headless: true, log: silent })).pid;
  });
}

function withPort(address: string, port: number): string {
  const url = new URL(address);
  url.port = String(port);
  return url.href;
}

const ANSWER_WITHIN_MS = 65_000;

async function tryOnce(
  apiUrl: string,
  token: string,
  { method, path, body, key }: { method: string; path: string; body?: unknown; key?: string | undefined },
): Promise<Tried> {
  try {
    const response = await fetch(`${apiUrl}${path}`, {
      method,
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = (response.headers.get('content-type') ?? '').includes('json');
    return { status: response.status, body: json ? JSON.parse(text) : { text }, headers: response.headers };
  } catch {
    return { status: 0, body: {}, headers: new Headers() };
  }
}
