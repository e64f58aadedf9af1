import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { SESSION_LIMITS } from '../postgres/database.ts';

/** The log of a loop; a pino logger fits. Fields are ids, counts and codes. */
export type LoopLog = { info(fields: object, message: string): void; warn(fields: object, message: string): void };

export type LoopOptions = {
  /** name in the log */
  name: string;
  connectionString: string;
  /** session advisory lock: one process of all runs the loop, and the others stand by */
  lock?: number;
  /** channel whose notifications wake the loop; the loop also polls, because notifications can be lost */
  channel?: string;
  /** how long one statement may take, where the limit of every session is too short */
  statementTimeoutMs?: number;
  /** milliseconds between looks while nothing comes */
  pollMs: number;
  /** one pass; `more` if another pass is due at once. An error closes the connection and starts again. */
  pass(client: Client): Promise<'more' | 'idle'>;
  log: LoopLog;
};

/** Something that runs until it is stopped. */
export type Loop = {
  /** polls now instead of later */
  wake(): void;
  /** stops after the current pass */
  stop(): Promise<void>;
};

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;
/** how often a process that stands by tries to get the lock */
const STAND_BY_MS = 2_000;

/**
 * Runs `pass` repeatedly on its own connection, which holds the lock. A pass that lost its lock has also lost its
 * connection, so it can write nothing. The loop survives a restart of PostgreSQL, or of what `pass` calls, with a
 * jittered back-off.
 */
export function startLoop(options: LoopOptions): Loop {
  const alarmClock = newAlarmClock();
  const stopping = new AbortController();
  const running = run(options, alarmClock, stopping.signal);
  return {
    wake: alarmClock.ring,
    async stop() {
      stopping.abort();
      alarmClock.ring();
      await running;
    },
  };
}

async function run(options: LoopOptions, alarmClock: AlarmClock, stopping: AbortSignal): Promise<void> {
  const { name, log } = options;
  let failures = 0;
  while (!stopping.aborted) {
    try {
      await session(options, alarmClock, stopping, () => {
        failures = 0;
      });
    } catch (error) {
      failures += 1;
      log.warn({ loop: name, failures, error: codeOf(error) }, 'loop interrupted, begins anew');
      const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 10));
      await alarmClock.until(pause * (0.5 + Math.random() / 2), stopping);
    }
  }
}

async function session(
  options: LoopOptions,
  alarmClock: AlarmClock,
  stopping: AbortSignal,
  worked: () => void,
): Promise<void> {
  const client = new Client({
    connectionString: options.connectionString,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    ...SESSION_LIMITS,
    ...(options.statementTimeoutMs === undefined ? {} : { statement_timeout: options.statementTimeoutMs }),
  });
  let broken: Error | undefined;
  client.on('error', (error) => {
    broken = error;
    alarmClock.ring();
  });
  client.on('notification', alarmClock.ring);
  try {
    await client.connect();
    if (options.lock !== undefined && !(await lead(client, options.lock, alarmClock, stopping))) return;
    if (options.channel !== undefined) await client.query(`listen ${client.escapeIdentifier(options.channel)}`);
    while (!stopping.aborted) {
      if (broken) throw broken;
      const found = await options.pass(client);
      worked();
      if (found === 'idle') await alarmClock.until(options.pollMs, stopping);
    }
  } finally {
    await client.end().catch(() => {});
  }
}

/** Waits for the lock. False if the loop was stopped meanwhile. */
async function lead(client: Client, lock: number, alarmClock: AlarmClock, stopping: AbortSignal): Promise<boolean> {
  while (!stopping.aborted) {
    const { rows } = await client.query<{ got: boolean }>('select pg_try_advisory_lock($1) as got', [lock]);
    if (rows[0]?.got) return true;
    await alarmClock.until(STAND_BY_MS * (0.5 + Math.random()), stopping);
  }
  return false;
}

/** Runs `work` in one transaction of the loop's own connection. */
export async function within<T>(client: Client, work: () => Promise<T>): Promise<T> {
  await client.query('begin');
  try {
    const result = await work();
    await client.query('commit');
    return result;
  } catch (error) {
    // If even the rollback fails, the connection is broken and the loop starts again on another.
    await client.query('rollback').catch(() => {});
    throw error;
  }
}

/** The error by its code or name, because its message may quote values. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { code } = error as Error & { code?: unknown };
  return typeof code === 'string' || typeof code === 'number' ? `${error.name} ${code}` : error.name;
}

type AlarmClock = { ring(): void; until(ms: number, stopping: AbortSignal): Promise<void> };

/** A sleep that can be interrupted. A wake-up while nobody sleeps shortens the next sleep, so that none is lost. */
function newAlarmClock(): AlarmClock {
  let escalationStep = false;
  let awaken: (() => void) | undefined;
  return {
    ring() {
      escalationStep = true;
      awaken?.();
    },
    async until(ms, stopping) {
      if (!escalationStep && !stopping.aborted) {
        const cut = new AbortController();
        awaken = () => cut.abort();
        await sleep(ms, undefined, { signal: cut.signal }).catch(() => {});
        awaken = undefined;
      }
      escalationStep = false;
    },
  };
}

/** Runs `work` over all items, at most `limit` at once. It tries every item; the first error is thrown afterwards. */
export async function eachOf<Item>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const errors: unknown[] = [];
  const lane = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      try {
        await work(item);
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  if (errors.length > 0) throw errors[0];
}
