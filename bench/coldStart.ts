/**
 * B9: from one command to the first completed step of a person.
 *
 * Ours: what `npm start` runs, in a clean copy of the sources (packages installed, and the database client made, as the
 * installing script does; no bundle, nothing compiled, no data): both servers, migrations, keys, sign-in, bundle, worker,
 * API, stand-in partners, and the drill that begins by itself. As soon as the API says that it is ready, a person signs in, opens and activates an operation,
 * takes somebody in and confirms who it is; the clock stops when that decision is recorded and answered. `B9.again` is
 * the same command on the data it left, while the drill goes on.
 * Peer: PostgreSQL (made and started), the Temporal server (with its UI), and the bundle, each alone and one after the
 * other, the times added up; again on the data they left. Programs and packages are there on both sides: downloads are
 * no part of it.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../processes/config.ts';
import { endProcess } from '../processes/parts/child.ts';
import { anyFreePort } from '../processes/parts/ports.ts';
import { startPostgres } from '../processes/parts/postgres.ts';
import { startTemporal } from '../processes/parts/temporal.ts';
import { temporalBinary } from '../processes/parts/temporalPrograms.ts';
import { Client, tokens } from '../sandbox/client.ts';
import { readSignIns } from '../sandbox/issuer/issuerState.ts';
import type { Bench, Side } from './bench.ts';
import { until } from './load.ts';
import { openOperation } from './operation.ts';
import { madeUp } from './people.ts';

const root = join(import.meta.dirname, '..');
/** Of the checkout: what is made at a start, or is stored with the sources. */
const NOT_IN_A_CHECKOUT = new Set(['node_modules', '.git', '.homeward', 'generated', 'coverage']);
const STOP: [NodeJS.Signals, number][] = [
  ['SIGINT', 60_000],
  ['SIGKILL', 5_000],
];

export const coldStart: Bench = {
  id: 'B9',
  title: 'one command to the first completed step of a person',
  rows: [
    {
      id: 'B9',
      says: 'on a clean checkout with packages; peer: PostgreSQL, Temporal and bundle alone, added up',
      unit: 's',
      limit: { of: 'ratio', atMost: 1.5 },
    },
    { id: 'B9.cold', says: 'the same, in seconds', unit: 's', limit: { of: 'ours', atMost: 8 } },
    {
      id: 'B9.again',
      says: 'on the data of the first start; peer: the parts on theirs',
      unit: 's',
      limit: { of: 'ours', atMost: 4 },
    },
  ],
  async prepare(say) {
    const program = await temporalBinary({ cacheDir: cacheFolder(), path: process.env.PATH, log: say });
    return {
      ours: () => inFolder(startWhole),
      peer: () => inFolder((folder) => startAlone(folder, program)),
      close: async () => undefined,
    };
  },
};

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'homeward-start-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startWhole(folder: string): Promise<Side> {
  const checkout = join(folder, 'checkout');
  cpSync(root, checkout, {
    recursive: true,
    filter: (path) => path === root || !NOT_IN_A_CHECKOUT.has(basename(path)),
  });
  symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'));
  await promisify(execFile)(process.execPath, [join(checkout, 'prisma/generate.ts')]);
  const names = ['API', 'WORKER', 'TEMPORAL', 'TEMPORAL_UI', 'ISSUER', 'SANDBOX'];
  const ports = await Promise.all(names.map(() => anyFreePort()));
  const environment = {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '',
    HOMEWARD_DATA: join(folder, 'data'),
    ...Object.fromEntries(names.map((name, index) => [`HOMEWARD_${name}_PORT`, String(ports[index])])),
  };
  const place = {
    api: `http://127.0.0.1:${ports[names.indexOf('API')]}`,
    tokenEndpoint: `http://127.0.0.1:${ports[names.indexOf('ISSUER')]}/token`,
    dataDir: environment.HOMEWARD_DATA,
  };
  const cold = await oneStart(checkout, environment, () => firstStep(place));
  const again = await oneStart(checkout, environment, () => firstStep(place));
  return { B9: cold, 'B9.cold': cold, 'B9.again': again };
}

/** @returns seconds from the command to the end of `step` */
async function oneStart(
  checkout: string,
  environment: Record<string, string>,
  step: () => Promise<void>,
): Promise<number> {
  const began = performance.now();
  const child: ChildProcess = spawn(process.execPath, ['scripts/pinned.mjs', 'processes/local.ts'], {
    cwd: checkout,
    env: environment,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('The system could not be started');
  const ended = new Promise<never>((_, reject) => {
    child.once('exit', (code) => reject(new Error(`The system ended by itself with code ${code}`)));
  });
  try {
    await Promise.race([step(), ended]);
    return (performance.now() - began) / 1_000;
  } finally {
    ended.catch(() => undefined);
    await endProcess(pid, STOP);
  }
}

type Place = { api: string; tokenEndpoint: string; dataDir: string };

/** An operation is opened, a person is registered, and a case worker's first decision about them is recorded. */
async function firstStep({ api, tokenEndpoint, dataDir }: Place): Promise<void> {
  await until(() => answers(`${api}/readyz`), 'the API to be ready', { withinMs: 60_000 });
  const users = await readSignIns(join(dataDir, 'issuer'));
  const as = (role: string): Client => {
    const user = users.find(({ clientId }) => clientId === role);
    if (!user) throw new Error(`There is no local user ${role}`);
    return new Client(api, tokens(tokenEndpoint, user));
  };
  const [coordinator, caseWorker] = [as('coordinator'), as('case_worker')];
  const id = await openOperation(coordinator);
  const { people } = (await caseWorker.post(`/operations/${id}/households`, {
    household_ref: 'H-1',
    members: [madeUp(1)],
  })) as { people: Array<{ person_id: string }> };
  await caseWorker.post(`/people/${people[0]?.person_id}/commands/confirm-identity`, {});
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(1_000) })).ok;
  } catch {
    return false;
  }
}

async function startAlone(folder: string, program: string): Promise<Side> {
  const cold = await partsAlone(folder, program);
  const again = await partsAlone(folder, program);
  return { B9: cold, 'B9.cold': cold, 'B9.again': again };
}

/** @returns seconds of all parts together */
async function partsAlone(folder: string, program: string): Promise<number> {
  const log = (): void => undefined;
  const server = async (start: () => Promise<{ stop(): Promise<void> }>): Promise<number> => {
    const began = performance.now();
    const running = await start();
    const took = performance.now() - began;
    await running.stop();
    return took;
  };
  const postgres = await server(() => startPostgres({ dataDir: join(folder, 'postgres'), port: 0, log }));
  const temporal = await server(() =>
    startTemporal({ program, dataDir: join(folder, 'temporal'), port: 0, uiPort: 0, log }),
  );
  const began = performance.now();
  await promisify(execFile)(process.execPath, [join(root, 'processes/worker/makeBundle.ts'), folder]);
  return (postgres + temporal + (performance.now() - began)) / 1_000;
}
