import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { Client } from 'pg';
import { codeOf, eachOf, LOOPS, type Log, type LoopName, type LoopReads } from '../../application/background.ts';
import { raiseAlarm } from '../postgres/alarms.ts';
import { type Db, databaseIn, SESSION_LIMITS } from '../postgres/database.ts';

/**
 * How a silently dead session is noticed, whose bytes are lost and which nobody closes. Milliseconds. A session asks the
 * server `askMs` after the last time, and is given up without an answer within `answerMs`. The server ends it `endMs`
 * after its last word, and so its lock moves. Who stands by tries to get the lock every `standByMs`.
 */
export type SessionTimes = { askMs: number; answerMs: number; endMs: number; standByMs: number };
const SESSION_TIMES: SessionTimes = { askMs: 5_000, answerMs: 5_000, endMs: 20_000, standByMs: 2_000 };

export type LoopOptions = {
  name: LoopName;
  connectionString: string;
  /** session advisory lock: one process of all runs the loop, and the others stand by */
  lock?: number;
  /** channel whose notifications wake the loop; the loop also polls, because notifications can be lost */
  channel?: string;
  /** how long one statement may take, where the limit of every session is too short */
  statementTimeoutMs?: number | undefined;
  /** milliseconds between looks while nothing comes */
  pollMs: number;
  /** one pass; `more` if another pass is due at once. An error closes the connection and starts again. */
  pass(db: Db): Promise<'more' | 'idle'>;
  log: Log;
  times?: SessionTimes;
};

/** Something that runs until it is stopped. */
export type Loop = {
  /** stops after the current pass */
  stop(): Promise<void>;
};

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;
const END_WITHIN_MS = 1_000;

/** What has happened since the last pass that ended well. `silent`: a session was dead, its own or that of the holder. */
type Trouble = { failures: number; silent: boolean };

class SessionSilent extends Error {
  override name = 'SessionSilent';
}

/**
 * Runs `pass` repeatedly on its own connection, which holds the lock. A pass that lost its lock has also lost its
 * connection, so it can write nothing. The loop survives a restart of PostgreSQL, a session that is silently dead, or a
 * failure of what `pass` calls, with a jittered back-off.
 */
export function startLoop(options: LoopOptions): Loop {
  const alarmClock = newAlarmClock();
  const stopping = new AbortController();
  const running = run(options, alarmClock, stopping.signal);
  return {
    async stop() {
      stopping.abort();
      alarmClock.ring();
      await running;
    },
  };
}

async function run(options: LoopOptions, alarmClock: AlarmClock, stopping: AbortSignal): Promise<void> {
  const { name, log } = options;
  const trouble: Trouble = { failures: 0, silent: false };
  while (!stopping.aborted) {
    try {
      await session(options, alarmClock, stopping, trouble);
    } catch (error) {
      trouble.failures += 1;
      trouble.silent ||= error instanceof SessionSilent;
      log.warn({ loop: name, failures: trouble.failures, error: codeOf(error) }, 'loop interrupted, begins anew');
      const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(trouble.failures - 1, 10));
      await alarmClock.until(pause * (0.5 + Math.random() / 2), stopping);
    }
  }
}

async function session(
  options: LoopOptions,
  alarmClock: AlarmClock,
  stopping: AbortSignal,
  trouble: Trouble,
): Promise<void> {
  const { name, channel, lock, pollMs, times = SESSION_TIMES } = options;
  const statementMs = options.statementTimeoutMs ?? SESSION_LIMITS.statement_timeout;
  // A socket of its own can be destroyed: a dead one cannot be ended in order.
  const socket = new Socket();
  const client = new Client({
    connectionString: options.connectionString,
    stream: () => socket,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    ...SESSION_LIMITS,
    statement_timeout: statementMs,
  });
  let broken: Error | undefined;
  client.on('error', (error) => {
    broken = error;
    alarmClock.ring();
  });
  client.on('notification', alarmClock.ring);

  const giveUp = () => socket.destroy(new SessionSilent('The server does not answer'));
  let asked: Promise<unknown> | undefined;
  const ask = async (withinMs: number): Promise<void> => {
    // An answer that came while this process was busy is read first.
    const late = setTimeout(() => setImmediate(() => asked && giveUp()), withinMs);
    asked = client.query('select 1').finally(() => {
      clearTimeout(late);
      asked = undefined;
    });
    await asked;
  };
  let passing = false;
  let spoke = { bytes: 0, at: performance.now() };
  const longestMs = statementMs + times.answerMs;
  const watching = setInterval(() => {
    if (socket.bytesRead !== spoke.bytes) spoke = { bytes: socket.bytesRead, at: performance.now() };
    else if (performance.now() - spoke.at > longestMs) giveUp();
    // Inside a transaction it does not ask, so that the server still ends one that is forgotten.
    if (asked === undefined && client.getTransactionStatus() === 'I')
      ask(passing ? longestMs : times.answerMs).catch(() => {});
  }, times.askMs);

  try {
    await client.connect();
    const db = databaseIn(client);
    await client.query(`set idle_session_timeout = ${times.endMs}`);
    if (lock !== undefined && !(await lead(db, name, lock, times, alarmClock, stopping, trouble))) return;
    await client.query(`select set_config('application_name', $1, false)`, [sessionName(name)]);
    if (trouble.silent) {
      const hour = new Date().toISOString().slice(0, 13);
      await raiseAlarm(db, { subject: name, kind: 'loop_session_silent', detail: {} }, hour);
      trouble.silent = false;
    }
    if (channel !== undefined) await client.query(`listen ${client.escapeIdentifier(channel)}`);
    while (!stopping.aborted) {
      if (broken) throw broken;
      // On a dead session a pass would wait as long as a statement may take.
      await (asked ?? ask(times.answerMs));
      passing = true;
      const found = await options.pass(db);
      passing = false;
      trouble.failures = 0;
      if (found === 'idle') await alarmClock.until(pollMs, stopping);
    }
  } catch (error) {
    // What a pass meets on a broken session is a consequence, as a rollback that fails.
    throw broken ?? error;
  } finally {
    clearInterval(watching);
    const ending = setTimeout(() => socket.destroy(), END_WITHIN_MS);
    await client.end().catch(() => {});
    clearTimeout(ending);
  }
}

const SESSION_PREFIX = 'homeward: ';
/** What a session that runs a loop is called in pg_stat_activity. */
const sessionName = (name: LoopName): string => `${SESSION_PREFIX}${name}`;

/** Seconds since the sessions of a loop have last spoken, by the name of the session. */
const SILENT_SECONDS = sql<{ name: string; seconds: number }>`
  select application_name as name,
         min(extract(epoch from clock_timestamp() - greatest(state_change, query_start)))::double precision as seconds
    from pg_stat_activity where datname = current_database() and application_name like ${`${SESSION_PREFIX}%`} group by 1`;

export const loopReadsOn = (db: Db): LoopReads => ({
  async silentSeconds() {
    const { rows } = await SILENT_SECONDS.execute(db);
    const seconds = new Map(rows.map((row) => [row.name, row.seconds]));
    return new Map(LOOPS.map((name) => [name, seconds.get(sessionName(name)) ?? Number.POSITIVE_INFINITY]));
  },
});

/** Waits for the lock, and notices a holder that is silent. False if the loop was stopped meanwhile. */
async function lead(
  db: Db,
  name: LoopName,
  lock: number,
  times: SessionTimes,
  alarmClock: AlarmClock,
  stopping: AbortSignal,
  trouble: Trouble,
): Promise<boolean> {
  while (!stopping.aborted) {
    const { rows } = await sql<{ got: boolean }>`select pg_try_advisory_lock(${lock}) as got`.execute(db);
    if (rows[0]?.got) return true;
    const silent = await loopReadsOn(db).silentSeconds();
    const seconds = silent.get(name) ?? 0;
    trouble.silent ||= Number.isFinite(seconds) && seconds * 1_000 > times.askMs + times.answerMs;
    await alarmClock.until(times.standByMs * (0.5 + Math.random()), stopping);
  }
  return false;
}

type AlarmClock = { ring(): void; until(ms: number, stopping: AbortSignal): Promise<void> };

/** A sleep that can be interrupted. A wake-up while nobody sleeps shortens the next sleep, so that none is lost. */
function newAlarmClock(): AlarmClock {
  let woken = false;
  let awaken: (() => void) | undefined;
  return {
    ring() {
      woken = true;
      awaken?.();
    },
    async until(ms, stopping) {
      if (!woken && !stopping.aborted) {
        const cut = new AbortController();
        awaken = () => cut.abort();
        await sleep(ms, undefined, { signal: cut.signal }).catch(() => {});
        awaken = undefined;
      }
      woken = false;
    },
  };
}

/** Nudges to send, each endpoint once. */
export type Nudges = { ask(endpointIds: readonly string[]): void; stop(): Promise<void> };

const AT_ONCE = 8;

/**
 * Sends nudges in the background, so that a slow or absent server does not delay the outbox publisher. Many events at
 * one time become one nudge: after a round it rests for `restMs`. What fails is tried again, with a jittered back-off.
 */
export function startNudges(nudge: (endpointId: string) => Promise<void>, log: Log, restMs = 250): Nudges {
  const wanted = new Set<string>();
  const stopping = new AbortController();
  let failures = 0;
  let running: Promise<void> | undefined;

  const rounds = async (): Promise<void> => {
    while (wanted.size > 0 && !stopping.signal.aborted) {
      const round = [...wanted];
      wanted.clear();
      let failed = false;
      await eachOf(round, AT_ONCE, async (endpointId) => {
        try {
          await nudge(endpointId);
        } catch (error) {
          failed = true;
          wanted.add(endpointId);
          if (failures === 0) log.warn({ endpoint: endpointId, error: codeOf(error) }, 'feed not nudged, tried again');
        }
      });
      failures = failed ? failures + 1 : 0;
      const pause = Math.min(LONGEST_PAUSE_MS, 200 * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2);
      await sleep(failed ? pause : restMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  };
  const begin = (): void => {
    if (running !== undefined || wanted.size === 0 || stopping.signal.aborted) return;
    running = rounds().finally(() => {
      running = undefined;
      begin();
    });
  };

  return {
    ask(endpointIds) {
      for (const endpointId of endpointIds) wanted.add(endpointId);
      begin();
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
