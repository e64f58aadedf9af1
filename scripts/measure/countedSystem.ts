/**
 * The whole system for counting: a real PostgreSQL, the real Temporal development server and the local issuer, and one
 * process that runs API, worker and background loops together, as they are shipped, with the coverage of V8 on.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { z } from 'zod';
import { loadKeyring } from '../../adapters/crypto/keyring.ts';
import { migrate } from '../../prisma/migrate.ts';
import { cacheFolder } from '../../processes/config.ts';
import { anyFreePort } from '../../processes/parts/ports.ts';
import { startPostgres } from '../../processes/parts/postgres.ts';
import { startTemporal } from '../../processes/parts/temporal.ts';
import { temporalBinary } from '../../processes/parts/temporalPrograms.ts';
import { Client, tokens } from '../../sandbox/client.ts';
import { startIssuer, TOKEN_TYPE } from '../../sandbox/issuer/issuer.ts';
import { root } from '../checks/project.ts';
import type { FunctionRun } from './coverage.ts';
import { PROCESSES, settingsOf } from './specifics.ts';

const READY_WITHIN_MS = 120_000;
const silent = () => undefined;

export type CountedSystem = {
  apiUrl: string;
  db: pg.Pool;
  /** speaks to the API as one of the local users */
  as(role: string): Client;
  /** the functions that ran since it was called last */
  take(): Promise<FunctionRun[]>;
  close(): Promise<void>;
};

/** Everything runs when this resolves. */
export async function openCountedSystem(): Promise<CountedSystem> {
  const folder = mkdtempSync(join(tmpdir(), 'homeward-measure-'));
  const closing: Array<() => unknown> = [() => rmSync(folder, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (const end of closing.reverse()) await end();
  };
  try {
    const postgres = await startPostgres({
      dataDir: join(folder, 'postgres'),
      port: 0,
      unsafeFast: true,
      log: silent,
    });
    closing.push(() => postgres.stop());
    const db = await migratedDatabase(postgres.adminUrl, postgres.url('measured'));
    closing.push(() => db.end());
    const program = await temporalBinary({ cacheDir: cacheFolder(), path: process.env['PATH'], log: silent });
    const temporal = await startTemporal({
      program,
      dataDir: join(folder, 'temporal'),
      port: 0,
      headless: true,
      log: silent,
    });
    closing.push(() => temporal.stop());
    const issuer = await startIssuer({ port: 0, dataDir: join(folder, 'issuer') });
    closing.push(() => issuer.stop());
    const apiPort = await anyFreePort();
    const keyFile = join(folder, 'keys.json');
    await loadKeyring(keyFile, { createIfMissing: true });
    const counted = await startCounted(
      settingsOf({
        dataDir: join(root, '.homeward/checks'),
        keyFile,
        issuer: { issuer: issuer.issuer, audience: issuer.audience, tokenType: TOKEN_TYPE },
        apiPort,
        databaseUrl: postgres.url('measured'),
        temporalAddress: temporal.address,
      }),
    );
    closing.push(counted.end);
    const apiUrl = `http://127.0.0.1:${apiPort}`;
    const clients = new Map<string, Client>(
      issuer.users.map((user) => [user.id, new Client(apiUrl, tokens(issuer.tokenEndpoint, user))]),
    );
    return {
      apiUrl,
      db,
      as(role) {
        const client = clients.get(role);
        if (!client) throw new Error(`There is no ${role}`);
        return client;
      },
      take: counted.take,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function migratedDatabase(adminUrl: string, url: string): Promise<pg.Pool> {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  await admin.query(`create database ${new URL(url).pathname.slice(1)}`);
  await admin.end();
  await migrate(url);
  const pool = new pg.Pool({ connectionString: url, max: 3 });
  // The server is stopped at the end, which ends idle sessions.
  pool.on('error', silent);
  return pool;
}

const taken = z.object({
  number: z.int(),
  runs: z.array(z.object({ url: z.string(), offset: z.int() })),
});

/** Starts the counted process and waits until each of its parts has said that it is ready. */
async function startCounted(settings: Record<string, string>) {
  const child = fork(
    join(import.meta.dirname, 'countedProcess.ts'),
    PROCESSES.map((file) => join(root, file)),
    // With TEMPORAL_DEBUG the worker runs workflows on the main thread, which is the one that is counted.
    {
      cwd: root,
      env: { ...process.env, ...settings, TEMPORAL_DEBUG: '1' },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    },
  );
  const ended = new Promise<never>((_, reject) => {
    child.once('exit', (code, signal) => reject(new Error(`The counted process ended (${code ?? signal})`)));
  });
  // It also ends when it is told to; then nobody waits for it.
  ended.catch(silent);
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const end = async (): Promise<void> => {
    child.kill('SIGKILL');
    await gone;
  };
  let output = '';
  const ready = new Promise<void>((resolve) => {
    child.stdout?.on('data', (piece: Buffer) => {
      output += piece.toString();
      if ([...output.matchAll(/^ready\b/gm)].length === PROCESSES.length) resolve();
    });
  });
  const late = AbortSignal.timeout(READY_WITHIN_MS);
  const tooLate = new Promise<never>((_, reject) => {
    late.addEventListener('abort', () => reject(new Error(`The counted process is not ready: ${output}`)));
  });
  tooLate.catch(silent);
  try {
    await Promise.race([ready, ended, tooLate]);
  } catch (error) {
    if (child.exitCode === null) await end();
    throw error;
  }
  let last = 0;
  return {
    end,
    take(): Promise<FunctionRun[]> {
      const number = ++last;
      const answer = new Promise<FunctionRun[]>((resolve) => {
        const receive = (message: unknown): void => {
          const { data } = taken.safeParse(message);
          if (data?.number !== number) return;
          child.off('message', receive);
          resolve(data.runs);
        };
        child.on('message', receive);
      });
      child.send(number);
      return Promise.race([answer, ended]);
    },
  };
}
