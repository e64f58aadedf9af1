/**
 * Everything on one machine: what is given from outside is used, everything else is started here, in parallel where
 * nothing waits for it, and ended in the opposite order.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadKeyring } from '../../adapters/crypto/keyring.ts';
import { openTemporal } from '../../adapters/temporal/client.ts';
import { generateClient } from '../../prisma/generate.ts';
import { type RunningIssuer, startIssuer } from '../../sandbox/issuer/issuer.ts';
import type { LocalConfig } from '../config.ts';
import { endProcess, startPart } from '../parts/child.ts';
import { PortBusy, portIsFree } from '../parts/ports.ts';
import { type Postgres, startPostgres } from '../parts/postgres.ts';
import { keepRunning, type Supervised, supervise } from '../parts/supervisor.ts';
import { startTemporal, type TemporalServer } from '../parts/temporal.ts';
import { temporalBinary } from '../parts/temporalPrograms.ts';
import { type Bundle, bundleFolder, madeBundle } from '../worker/bundle.ts';
import { bringUpToDate, createDatabase } from './database.ts';
import { compiledIn, ownKeyFile, processEnvironment } from './environment.ts';
import { NODE_FLAGS, type StackProcess } from './processes.ts';
import { runVersions } from './versions.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface DevStack {
  /** Resolves when everything runs; rejects, with everything ended again, when a part cannot be started. */
  ready: Promise<Addresses>;
  /** Number of the process running under this name (`postgres`, `temporal`, or a process of the stack). */
  pidOf(name: string): number | undefined;
  /** Ends everything in order, also while it still starts. May be called twice. */
  stop(): Promise<void>;
}

export interface Addresses {
  /** Of API and worker: a role that owns nothing. */
  databaseUrl: string;
  /** Of the role that owns the tables. */
  ownerUrl: string;
  temporal: string;
  temporalUi: string | undefined;
  /** The local issuer; undefined when one is given from outside. */
  issuer: RunningIssuer | undefined;
  api: string;
  /** The environment that processes of the stack run in. */
  environment: Record<string, string>;
}

export interface DevStackOptions {
  config: LocalConfig;
  /** Started all at once when database, server and issuer are there. */
  processes: readonly StackProcess[];
  /** Receives short lines for a person. */
  say: (line: string) => void;
  /** The local data of before goes first: database, workflows, drills. Not with a database or a server that is given. */
  reset?: boolean;
}

/** Starts the stack. Nothing is awaited here, so that it can be stopped while it starts. */
export function openDevStack({ config, processes, say, reset = false }: DevStackOptions): DevStack {
  /** In the order of starting; each ends what it stands for, also when that has not started yet. */
  const stops: (() => Promise<void>)[] = [];
  const pids = new Map<string, () => number | undefined>();
  let stopped: Promise<void> | undefined;

  const logs = join(config.dataDir, 'logs');
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  const logFile = (name: string) => freshLog(join(logs, `${name}.log`));

  const stop = () => {
    stopped ??= stopAll(stops)
      .then(() => started.catch(() => undefined))
      // What came up while the rest was being ended.
      .then(() => stopAll(stops));
    return stopped;
  };

  const start = async (): Promise<Addresses> => {
    if (reset) demandLocalData(config);
    await demandFreePorts(config, processes.length > 0);
    if (reset) rmSync(join(config.dataDir, 'drills'), { recursive: true, force: true });
    const [{ databaseUrl, ownerUrl }, temporal, issuer] = await allOrFirstFailure([
      startDatabase(),
      startTemporalServer(),
      startLocalIssuer(),
      generateClient().then(({ made }) => {
        if (made) say('database client made from the schema');
      }),
      makeAhead(),
    ]);
    if (stopped !== undefined) throw new Error('Stopped while it started');
    // Made before anybody reads it; one that is given must be there already.
    if (config.keyFile === undefined) await loadKeyring(ownKeyFile(config), { createIfMissing: true });
    const environment = processEnvironment(config, { databaseUrl, temporal, issuer });
    await allOrFirstFailure(
      processes.map(async (process) => {
        await startStackProcess(process, environment).ready;
        await startVersions(process, environment);
      }),
    );
    return {
      databaseUrl,
      ownerUrl,
      temporal: temporal.address,
      temporalUi: temporal.uiUrl,
      issuer,
      api: config.api.publicUrl,
      environment,
    };
  };

  async function startDatabase(): Promise<Pick<Addresses, 'databaseUrl' | 'ownerUrl'>> {
    const { url: given, migrateUrl } = config.database;
    let databaseUrl = given;
    let ownerUrl = migrateUrl;
    if (databaseUrl === undefined) {
      const log = logFile('postgres');
      let port = config.ports.postgres;
      const kept = keepRunning<Postgres>({
        name: 'PostgreSQL',
        start: () => startPostgres({ dataDir: join(config.dataDir, 'postgres'), port, logFile: log, log: say }),
        log: say,
      });
      stops.push(() => kept.stop());
      pids.set('postgres', () => kept.current()?.pid);
      const server = await kept.ready;
      // The processes know it by this port, so a restart must be on it.
      port = server.port;
      say(`PostgreSQL runs on port ${server.port}`);
      const database = await createDatabase(server.adminUrl, reset);
      databaseUrl = server.appUrl(database);
      ownerUrl = server.url(database);
    }
    ownerUrl ??= databaseUrl;
    await bringUpToDate(ownerUrl, given === undefined, say);
    return { databaseUrl, ownerUrl };
  }

  async function startTemporalServer(): Promise<{ address: string; uiUrl?: string | undefined }> {
    if (config.temporal !== undefined) return { address: config.temporal.connection.address };
    const program = await temporalBinary({
      given: config.programs.temporal,
      path: config.programs.path,
      cacheDir: config.cacheDir,
      log: say,
    });
    const log = logFile('temporal');
    let fresh = reset;
    const kept = keepRunning<TemporalServer>({
      name: 'Temporal',
      start: () => {
        const started = startTemporal({
          program,
          dataDir: join(config.dataDir, 'temporal'),
          port: config.ports.temporal,
          uiPort: config.ports.temporalUi,
          fresh,
          logFile: log,
          log: say,
        });
        // When it has ended and is started again, its workflows go on.
        fresh = false;
        return started;
      },
      log: say,
    });
    stops.push(() => kept.stop());
    pids.set('temporal', () => kept.current()?.pid);
    const server = await kept.ready;
    say(`Temporal runs on port ${server.port}`);
    return server;
  }

  async function startLocalIssuer(): Promise<RunningIssuer | undefined> {
    if (config.oidc.issuer !== undefined) return undefined;
    const issuer = await startIssuer({ port: config.ports.issuer, dataDir: join(config.dataDir, 'issuer') });
    stops.push(() => issuer.stop());
    say('sign-in runs');
    return issuer;
  }

  async function makeAhead(): Promise<void> {
    const log = logFile('ahead');
    const programs = processes.flatMap(({ ahead }) => ahead ?? []);
    await Promise.all(
      programs.map(async (file) => {
        const { pid, exited } = await startPart({
          command: process.execPath,
          args: [resolve(root, file), config.dataDir],
          cwd: root,
          env: { ...config.environment, ...compiledIn(config) },
          logFile: log,
          signalOnParentDeath: 'KILL',
        });
        let over = false;
        stops.push(async () => {
          if (!over) await endProcess(pid, [['SIGKILL', 5_000]]);
        });
        await exited;
        over = true;
      }),
    );
  }

  function startStackProcess(
    { name, file, flags = [], givesWay }: StackProcess,
    env: Record<string, string>,
  ): Supervised {
    const kept = supervise({
      name,
      command: process.execPath,
      args: [...NODE_FLAGS, ...flags, resolve(root, file)],
      cwd: root,
      env,
      logFile: logFile(name),
      givesWay,
      log: say,
    });
    stops.push(() => kept.stop());
    pids.set(name, () => kept.pid());
    void kept.ready.then(
      () => say(`${name} runs`),
      () => undefined,
    );
    return kept;
  }

  /** After the worker of today says that it is ready: it has made its bundle by then. */
  async function startVersions(process: StackProcess, environment: Record<string, string>): Promise<void> {
    const bundle = madeBundle(bundleFolder(config.dataDir));
    if (process.olderVersions === undefined || bundle === undefined || stopped !== undefined) return;
    const { flags, environment: more } = process.olderVersions;
    const startOlder = ({ codePath, buildId }: Bundle): Supervised =>
      startStackProcess(
        { name: `${process.name}-${buildId}`, file: process.file, flags, givesWay: true },
        { ...environment, ...more, HOMEWARD_OLDER_BUNDLE: codePath },
      );
    const address = environment['TEMPORAL_ADDRESS'] ?? '';
    const versions = runVersions({
      client: openTemporal(config.temporal ?? { connection: { address }, namespace: 'default' }),
      folder: join(config.dataDir, 'versions'),
      bundle,
      startOlder,
      say,
    });
    stops.push(() => versions.stop());
    await versions.ready;
  }

  const started = start();
  const ready = started.catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  // Whoever stops it while it starts does not want to learn that it could not start.
  ready.catch(() => undefined);
  return { ready, pidOf: (name) => pids.get(name)?.(), stop };
}

/** All of them; when one fails the others are waited for, so that nothing starts up behind our back. */
async function allOrFirstFailure<T extends readonly unknown[]>(work: { [K in keyof T]: Promise<T[K]> }): Promise<T> {
  await Promise.allSettled(work);
  return Promise.all(work) as Promise<unknown> as Promise<T>;
}

/** The last started is the first ended, one after the other: nobody loses the server he still writes to. */
async function stopAll(stops: (() => Promise<void>)[]): Promise<void> {
  for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop();
}

/** What is given from outside is never emptied from here. */
function demandLocalData({ database, temporal }: LocalConfig): void {
  const given = [
    ...(database.url === undefined ? [] : ['DATABASE_URL']),
    ...(temporal === undefined ? [] : ['the Temporal server of the settings']),
  ];
  if (given.length === 0) return;
  throw new Error(
    `--reset makes the local data anew, and ${given.join(' and ')} ${given.length === 1 ? 'is' : 'are'} not local: leave it out, or empty the database with \`npm run migrate -- --reset <name of the database>\`.`,
  );
}

async function demandFreePorts({ api, workerPort, ports, oidc }: LocalConfig, withProcesses: boolean): Promise<void> {
  const fixed: [number, string, string][] = [
    ...(oidc.issuer === undefined
      ? [[ports.issuer, 'sign-in', 'HOMEWARD_ISSUER_PORT'] satisfies [number, string, string]]
      : []),
    ...(withProcesses
      ? ([
          [api.port, 'the API', 'HOMEWARD_API_PORT'],
          [workerPort, 'the worker', 'HOMEWARD_WORKER_PORT'],
        ] satisfies [number, string, string][])
      : []),
  ];
  for (const [port, what, setting] of fixed) {
    if (!(await portIsFree(port))) throw new PortBusy(port, what, setting);
  }
}

/** The log of this run; the one of the run before is kept beside it. */
function freshLog(file: string): string {
  if (existsSync(file)) renameSync(file, file.replace(/\.log$/, '.before.log'));
  return file;
}
