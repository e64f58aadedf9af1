/**
 * The real Temporal development server with its web UI and a file of its own, in WAL mode with one partition for each
 * task queue: measured twice as fast as its defaults on two cores. A killed process loses nothing; a power cut may lose
 * the last commits, which is what a development server is for.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { commandLineOf, endProcess, isRunning, lastLines, startPart } from './child.ts';
import { anyFreePort, PortBusy, portIsFree, somebodyListens } from './ports.ts';
import { waitUntilItAnswers } from './readiness.ts';

export interface TemporalOptions {
  /** The `temporal` program (temporalPrograms.ts). */
  program: string;
  /** Folder of ours: the server's database and its pid file are kept in it. Made if missing. */
  dataDir: string;
  /** 0 takes any free port. Default 7233. @throws PortBusy when a given one is taken. */
  port?: number;
  /** Default 8233; 0 takes any free port. */
  uiPort?: number;
  /** Do without the web UI. */
  headless?: boolean;
  /** Search attributes that workflows may be started with, name to type (`Keyword`, `Datetime` …). */
  searchAttributes?: Record<string, string>;
  /** Without the workflows of before: the server's database is removed first. */
  fresh?: boolean;
  log: (line: string) => void;
  /** File for the server's own log. */
  logFile?: string;
  /** Leave the server running when this process is killed. The next start ends it and starts it again on its file. */
  outliveParent?: boolean;
}

export interface TemporalServer {
  /** host:port of the gRPC service. */
  address: string;
  /** Address of the web UI, undefined when headless. */
  uiUrl?: string | undefined;
  pid: number;
  port: number;
  /** Resolves when the server has ended, however that came. */
  exited: Promise<string>;
  stop(): Promise<void>;
}

const STOP: [NodeJS.Signals, number][] = [
  ['SIGTERM', 10_000],
  ['SIGKILL', 5_000],
];

/** Starts the server on the file in `dataDir` and waits until it answers. @throws Error with a sentence that says why not. */
export async function startTemporal(options: TemporalOptions): Promise<TemporalServer> {
  const { dataDir, program, headless = false } = options;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const logFile = options.logFile ?? join(dataDir, 'temporal.log');
  const pidFile = join(dataDir, 'temporal.pid');
  const databaseFile = join(dataDir, 'temporal.db');
  await endLeftOver(pidFile, databaseFile, options.log);
  if (options.fresh === true) {
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${databaseFile}${suffix}`, { force: true });
  }

  const port = await choosePort(options.port ?? 7233, 'the Temporal server', 'HOMEWARD_TEMPORAL_PORT');
  const uiPort = headless
    ? undefined
    : await choosePort(options.uiPort ?? 8233, "Temporal's web UI", 'HOMEWARD_TEMPORAL_UI_PORT');
  const part = await startPart({
    command: program,
    args: serverArguments({ databaseFile, port, uiPort, searchAttributes: options.searchAttributes ?? {} }),
    env: { TEMPORAL_VERSION_CHECK_DISABLED: '1' },
    cwd: dataDir,
    logFile,
    signalOnParentDeath: options.outliveParent ? undefined : 'TERM',
  });
  writeFileSync(pidFile, String(part.pid));
  const address = `127.0.0.1:${port}`;
  const failure = await waitUntilItAnswers(part, () => answers(address));
  if (failure !== undefined) {
    await endProcess(part.pid, STOP);
    rmSync(pidFile, { force: true });
    throw new Error(`The Temporal server ${failure}. Its last lines of output (${logFile}):\n${lastLines(logFile)}`);
  }
  return {
    address,
    uiUrl: uiPort === undefined ? undefined : `http://127.0.0.1:${uiPort}`,
    pid: part.pid,
    port,
    exited: part.exited,
    async stop() {
      await endProcess(part.pid, STOP);
      rmSync(pidFile, { force: true });
    },
  };
}

async function choosePort(wanted: number, what: string, setting: string): Promise<number> {
  if (wanted === 0) return anyFreePort();
  if (await portIsFree(wanted)) return wanted;
  throw new PortBusy(wanted, what, setting);
}

function serverArguments(server: {
  databaseFile: string;
  port: number;
  uiPort?: number | undefined;
  searchAttributes: Record<string, string>;
}): string[] {
  const dynamic = {
    'matching.numTaskqueueReadPartitions': 1,
    'matching.numTaskqueueWritePartitions': 1,
    'frontend.enableServerVersionCheck': false,
  };
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(server.port)],
    ...(server.uiPort === undefined ? ['--headless'] : ['--ui-port', String(server.uiPort)]),
    ...['--db-filename', server.databaseFile],
    ...['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=1'],
    ...Object.entries(dynamic).flatMap(([key, value]) => ['--dynamic-config-value', `${key}=${JSON.stringify(value)}`]),
    ...Object.entries(server.searchAttributes).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
    ...['--log-level', 'warn', '--log-format', 'json'],
  ];
}

async function answers(address: string): Promise<boolean> {
  // A port that nobody listens on yet is found out at once; the gRPC client would go on trying in its own time.
  if (!(await somebodyListens(Number(address.split(':')[1])))) return false;
  const connection = Connection.lazy({ address, tls: false });
  try {
    await connection.withDeadline(Date.now() + 2_000, () =>
      connection.workflowService.describeNamespace({ namespace: 'default' }),
    );
    return true;
  } catch {
    return false;
  } finally {
    await connection.close();
  }
}

/** Two servers on one file would break it, so what a killed run left is ended first. */
async function endLeftOver(pidFile: string, databaseFile: string, log: (line: string) => void): Promise<void> {
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'utf8'));
  if (Number.isInteger(pid) && isRunning(pid) && commandLineOf(pid).includes(databaseFile)) {
    log('ending a Temporal server from before');
    await endProcess(pid, STOP);
  }
  rmSync(pidFile, { force: true });
}
