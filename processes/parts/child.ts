/**
 * Starting and ending the programs of other people that Homeward needs.
 *
 * A part is started in a process group of its own (`detached`), so that Ctrl-C in a terminal reaches only the
 * process that started it; that one ends the parts in order. On Linux a part is also told to end when the process
 * that started it dies (`setpriv --pdeathsig`), so that even a kill -9 leaves nothing behind; elsewhere the next
 * start finds what was left by its pid file and ends or adopts it.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';

export interface PartCommand {
  command: string;
  args: string[];
  /** A program that runs the part in other surroundings (`unshare …`), with its arguments. */
  within?: string[];
  /** It works in the background: where the processor is short, those go first whom a person waits for. */
  givesWay?: boolean | undefined;
  /** Beside the few variables that every part gets; nothing else of our own environment is handed on. */
  env?: NodeJS.ProcessEnv;
  cwd: string;
  uid?: number;
  gid?: number;
  /** File that gets standard output and error, appended. */
  logFile: string;
  /** Receives each line of standard output as well, for parts that say when they are ready. */
  onLine?: (line: string) => void;
  /** What the kernel sends the part when this process dies; left out, the part outlives it. */
  signalOnParentDeath?: 'INT' | 'TERM' | 'KILL' | undefined;
}

/** Settings and secrets in our environment are not a part's business, and could change what it does. */
const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C', TZ: 'UTC' };

export interface RunningPart {
  pid: number;
  /** Resolves when the part has ended, with words for how. Never rejects. */
  exited: Promise<string>;
}

/** Starts a part. @throws Error when the program cannot be started at all. */
export async function startPart(part: PartCommand): Promise<RunningPart> {
  const [command, args] = wholeCommand(part);
  const log = openSync(part.logFile, 'a', 0o600);
  let child: ChildProcess;
  try {
    child = spawn(command, args, {
      cwd: part.cwd,
      env: { ...ENVIRONMENT, HOME: part.cwd, ...part.env },
      uid: part.uid,
      gid: part.gid,
      detached: true,
      stdio: ['ignore', part.onLine === undefined ? log : 'pipe', log],
    });
  } finally {
    closeSync(log);
  }
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) =>
      resolve(signal === null ? `ended with code ${code}` : `was ended by ${signal}`),
    );
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
  });
  if (child.pid === undefined) throw new Error(`${part.command} ${await exited}`);
  if (child.stdout !== null && part.onLine !== undefined) follow(child.stdout, part.logFile, part.onLine);
  return { pid: child.pid, exited };
}

/** Reads the part's words for as long as it speaks, line by line, and keeps each in the log before it is acted on. */
function follow(output: Readable, logFile: string, onLine: (line: string) => void): void {
  const log = openSync(logFile, 'a', 0o600);
  const lines = createInterface({ input: output });
  lines.on('line', (line) => {
    try {
      writeSync(log, `${line}\n`);
    } catch {
      // A full disk must not end the process that holds everything together; the words are lost, the part goes on.
    }
    onLine(line);
  });
  lines.once('close', () => closeSync(log));
}

/** The words to run. The tie to the parent comes last, because a change of user or namespace may compensate it. */
function wholeCommand({ within = [], command, args, givesWay, signalOnParentDeath }: PartCommand): [string, string[]] {
  const tie =
    signalOnParentDeath !== undefined && canTieToParent() ? ['setpriv', '--pdeathsig', signalOnParentDeath, '--'] : [];
  const behind = givesWay ? ['nice', '-n', '10'] : [];
  const [first = command, ...rest] = [...within, ...behind, ...tie, command, ...args];
  return [first, rest];
}

/** True where the kernel and the tools can end a part together with the process that started it. */
function canTieToParent(): boolean {
  return (
    process.platform === 'linux' &&
    spawnSync('setpriv', ['--pdeathsig', 'TERM', '--', 'true'], { stdio: 'ignore' }).status === 0
  );
}

/** True while a process with this id is there, whoever started it; one that has ended and waits to be reaped is not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!isErrno(error, 'EPERM')) return false;
  }
  const state = readProcess(pid, 'stat')?.replace(/^.*\) /s, '') ?? ps(pid, 'stat');
  return !state.startsWith('Z');
}

/** The command line of a process, empty when there is none. For telling a process of ours from a stranger. */
export function commandLineOf(pid: number): string {
  return readProcess(pid, 'cmdline')?.replaceAll('\0', ' ').trim() ?? ps(pid, 'command');
}

/**
 * The process and the moment it began: numbers are used again, this pair is not. Empty when there is no such process.
 */
export function identityOf(pid: number): string {
  const stat = readProcess(pid, 'stat');
  // The fields after the name in brackets; the 20th of them is the start in ticks since boot.
  const began = stat === undefined ? ps(pid, 'lstart') : (stat.replace(/^.*\) /s, '').split(' ')[19] ?? '');
  return began === '' || !isRunning(pid) ? '' : `${pid} ${began}`;
}

/** Linux shows it in /proc, and small images have no `ps`. */
function readProcess(pid: number, file: 'stat' | 'cmdline'): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}

function ps(pid: number, column: 'stat' | 'command' | 'lstart'): string {
  const { stdout } = spawnSync('ps', ['-ww', '-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' });
  return stdout === null ? '' : stdout.trim();
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/** Waits until the process is gone. @returns false if it is still there after `forMs` milliseconds. */
export async function waitUntilGone(pid: number, forMs: number): Promise<boolean> {
  const until = Date.now() + forMs;
  while (isRunning(pid)) {
    if (Date.now() > until) return false;
    await pause(50);
  }
  return true;
}

/** Resolves when a process that is not our child has gone, for a part that was adopted. */
export async function gone(pid: number): Promise<string> {
  while (isRunning(pid)) await pause(500);
  return 'has gone';
}

/**
 * Sends the signals of `steps` in turn, waiting after each for so many milliseconds, until the process has gone.
 * The last step should be SIGKILL: it is waited for as well.
 */
export async function endProcess(pid: number, steps: [NodeJS.Signals, number][]): Promise<void> {
  for (const [signal, waitMs] of steps) {
    if (!isRunning(pid)) return;
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (isErrno(error, 'ESRCH')) return;
      throw error;
    }
    if (await waitUntilGone(pid, waitMs)) return;
  }
}

/** The last lines of a log, for the sentence that says why a part did not start. */
export function lastLines(file: string, count = 8): string {
  const log = openSync(file, 'r');
  try {
    const { size } = fstatSync(log);
    const tail = Buffer.alloc(Math.min(size, 8_192));
    readSync(log, tail, 0, tail.length, size - tail.length);
    return tail.toString('utf8').trimEnd().split('\n').slice(-count).join('\n');
  } finally {
    closeSync(log);
  }
}
