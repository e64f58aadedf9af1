/**
 * The system as benches measure it: the real servers as `npm start` starts them, and the real processes of the system,
 * each started and ended when the bench says so. On free ports, in a folder that goes with it, on the loopback alone.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Connection, Client as Temporal } from '@temporalio/client';
import { Pool } from 'pg';
import type { Role } from '../domain/actor.ts';
import { readLocalConfig } from '../processes/config.ts';
import { openDevStack } from '../processes/local/devStack.ts';
import { NODE_FLAGS, WORKER_FLAGS } from '../processes/local/processes.ts';
import { anyFreePort } from '../processes/parts/ports.ts';
import { supervise } from '../processes/parts/supervisor.ts';
import { Client } from '../sandbox/client.ts';
import { flagsOf } from './machine.ts';
import { openSignIn, type SignIn } from './signIn.ts';

const root = join(import.meta.dirname, '..');

/** A process of the system, or of a peer, that a bench has started. */
export type BenchProcess = { pid: number; stop(): Promise<void> };

export type BenchSystem = {
  folder: string;
  api: string;
  databaseUrl: string;
  pool: Pool;
  temporal: Temporal;
  temporalAddress: string;
  signIn: SignIn;
  /** how the servers were started */
  flags: string[];
  as(role: Role): Client;
  /** Starts a process of the system (or another file that says `ready`) and waits for it. */
  start(file: string, environment?: Record<string, string>): Promise<BenchProcess>;
  close(): Promise<void>;
};

/** The file of the system's processes, by what they are called. */
export const PROCESS = { api: 'processes/api.ts', worker: 'processes/worker.ts' } as const;

export async function openBenchSystem(say: (line: string) => void): Promise<BenchSystem> {
  const folder = mkdtempSync(join(tmpdir(), 'homeward-bench-'));
  const signIn = await openSignIn();
  const port = async (): Promise<string> => String(await anyFreePort());
  const config = readLocalConfig({
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    HOMEWARD_DATA: join(folder, 'data'),
    HOMEWARD_API_PORT: await port(),
    HOMEWARD_WORKER_PORT: await port(),
    HOMEWARD_TEMPORAL_PORT: await port(),
    HOMEWARD_TEMPORAL_UI_PORT: await port(),
    HOMEWARD_LOG_LEVEL: 'warn',
    HOMEWARD_OIDC_ISSUER: signIn.issuer,
    HOMEWARD_OIDC_AUDIENCE: signIn.audience,
    HOMEWARD_OIDC_TOKEN_TYPE: signIn.tokenType,
  });
  const system = openDevStack({ config, processes: [], say });
  const started = new Set<{ stop(): Promise<void> }>();
  const close = async (): Promise<void> => {
    for (const process of [...started].reverse()) await process.stop();
    await system.stop();
    await signIn.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const { api, databaseUrl, ownerUrl, temporal: temporalAddress, environment } = await system.ready;
    // As `npm start` does: a worker finds its bundle made, and has not the maker of bundles in its memory.
    await promisify(execFile)(process.execPath, [join(root, 'processes/worker/makeBundle.ts'), config.dataDir]);
    // It makes tables of its own beside ours.
    const pool = new Pool({ connectionString: ownerUrl, max: 8 });
    pool.on('error', () => undefined);
    const connection = await Connection.connect({ address: temporalAddress });
    started.add({ stop: () => pool.end() }).add({ stop: () => connection.close() });
    const start: BenchSystem['start'] = async (file, extra = {}) => {
      const kept = supervise({
        name: file,
        command: process.execPath,
        args: [...NODE_FLAGS, ...(file === PROCESS.api ? [] : WORKER_FLAGS), join(root, file)],
        cwd: root,
        env: { ...environment, ...extra },
        // As `npm start` has it; a peer's worker like ours.
        givesWay: file !== PROCESS.api,
        logFile: join(folder, `${file.replaceAll('/', '-')}.log`),
        log: say,
        // What is measured must not end and come back unseen.
        onExit: (how) => say(`${file} ${how}: this run counts for nothing`),
      });
      started.add(kept);
      await kept.ready;
      return {
        pid: kept.pid() ?? 0,
        stop: async () => {
          started.delete(kept);
          await kept.stop();
        },
      };
    };
    return {
      folder,
      api,
      databaseUrl,
      pool,
      temporal: new Temporal({ connection }),
      temporalAddress,
      signIn,
      flags: [flagsOf(system.pidOf('temporal') ?? 0), flagsOf(system.pidOf('postgres') ?? 0)],
      as: (role) => new Client(api, () => signIn.token(role)),
      start,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
