/**
 * Keeps a part running: what ends unasked is started again, sooner at first and later if it ends again and again. What
 * cannot be started the first time is not tried twice: then something is wrong that a person must correct.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { endProcess, lastLines, startPart } from './child.ts';

/** Something that runs and can end by itself. */
export interface Running {
  pid: number;
  /** Resolves with words for how it ended. Never rejects. */
  exited: Promise<string>;
  stop(): Promise<void>;
}

export interface Kept<T extends Running> {
  /** What runs now; undefined while it is being started again. */
  current(): T | undefined;
  /** Resolves when it runs for the first time, rejects when it cannot be started. */
  ready: Promise<T>;
  /** Ends it and starts it no more. Resolves when it has ended. */
  stop(): Promise<void>;
}

export interface KeepOptions<T extends Running> {
  name: string;
  start(): Promise<T>;
  log: (line: string) => void;
  /** Delivered each time it ended unasked. */
  onExit?: (how: string) => void;
}

/** Waits before the next start, in milliseconds; the last one holds for all that follow. */
const BACK_OFF_MS = [100, 500, 1_000, 2_000, 5_000, 10_000, 30_000];
/** What ran this long was healthy: counting begins anew. */
const HEALTHY_AFTER_MS = 30_000;

/** Starts a part and starts it again whenever it ends unasked. */
export function keepRunning<T extends Running>({ name, start, log, onExit }: KeepOptions<T>): Kept<T> {
  const stopping = new AbortController();
  let current: T | undefined;

  const first = start();
  const life = live();
  // Only a caller that waits for `ready` learns of a failed first start.
  life.catch(() => undefined);

  async function live(): Promise<void> {
    current = await first;
    let startedAt = Date.now();
    let failures = 0;
    while (!stopping.signal.aborted) {
      const how = await current.exited;
      current = undefined;
      if (stopping.signal.aborted) return;
      if (Date.now() - startedAt > HEALTHY_AFTER_MS) failures = 0;
      onExit?.(how);
      log(`${name} ${how}; starting it again`);
      current = await startAgain(failures);
      if (current === undefined) return;
      failures += 1;
      startedAt = Date.now();
      log(`${name} runs again`);
    }
    await current?.stop();
  }

  /** @returns undefined when everything is being stopped meanwhile. */
  async function startAgain(failuresBefore: number): Promise<T | undefined> {
    for (let failures = failuresBefore; ; failures += 1) {
      const wait = BACK_OFF_MS[Math.min(failures, BACK_OFF_MS.length - 1)];
      await pause(wait, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return undefined;
      try {
        return await start();
      } catch (error) {
        log(`${name} could not be started again: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }

  return {
    current: () => current,
    ready: first,
    async stop() {
      stopping.abort();
      await current?.stop();
      await life.catch(() => undefined);
    },
  };
}

export interface ProcessOptions {
  /** What people call it. */
  name: string;
  command: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
  logFile: string;
  /** See PartCommand. */
  givesWay?: boolean | undefined;
  log: (line: string) => void;
  onExit?: (how: string) => void;
  /** Milliseconds until it must have said that it is ready. */
  readyWithinMs?: number;
}

export interface Supervised {
  pid(): number | undefined;
  /** Resolves when it first said that it is ready; rejects with its last lines of output when it cannot be started. */
  ready: Promise<void>;
  /** SIGTERM, and SIGKILL for what does not end within half a minute. */
  stop(): Promise<void>;
}

const STOP: [NodeJS.Signals, number][] = [
  ['SIGTERM', 30_000],
  ['SIGKILL', 5_000],
];

/** Keeps a process of the system running. It says that it is ready by a line on standard output that begins `ready`. */
export function supervise(options: ProcessOptions): Supervised {
  const kept = keepRunning({ ...options, start: () => startProcess(options) });
  const ready = kept.ready.then(() => undefined);
  return { pid: () => kept.current()?.pid, ready, stop: () => kept.stop() };
}

async function startProcess({ name, readyWithinMs = 60_000, logFile, ...options }: ProcessOptions): Promise<Running> {
  let sayReady: () => void = () => undefined;
  const saidReady = new Promise<'ready'>((resolve) => {
    sayReady = () => resolve('ready');
  });
  const part = await startPart({
    ...options,
    logFile,
    signalOnParentDeath: 'TERM',
    onLine: (line) => {
      if (/^ready\b/.test(line)) sayReady();
    },
  });
  const late = new AbortController();
  const first = await Promise.race([
    saidReady,
    part.exited,
    pause(readyWithinMs, `did not say within ${readyWithinMs / 1000} s that it is ready`, { signal: late.signal }),
  ]);
  late.abort();
  if (first === 'ready') return { ...part, stop: () => endProcess(part.pid, STOP) };
  await endProcess(part.pid, STOP);
  throw new Error(`${name} ${first}. Its last lines of output (${logFile}):\n${lastLines(logFile)}`);
}
