import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Loop, loopReadsOn, type SessionTimes, startLoop } from '../../../adapters/background/loop.ts';
import { alarmsOn } from '../../../adapters/postgres/alarms.ts';
import { databaseOn } from '../../../adapters/postgres/database.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { type Link, openLink } from '../../support/link.ts';

const TIMES: SessionTimes = { askMs: 200, answerMs: 400, endMs: 2_000, standByMs: 100 };
const LOCK = 4_711;
const NAME = 'outbox publisher';

let database: TestDatabase;
let link: Link;
let loops: Loop[];

beforeEach(async () => {
  database = await testDatabase();
  link = await openLink({ port: Number(new URL(database.url).port) });
  loops = [];
});
afterEach(async () => {
  link.set('pass');
  await link.close();
  await Promise.all(loops.map((loop) => loop.stop()));
  await database.drop();
});

const throughLink = (): string => {
  const url = new URL(database.url);
  url.port = String(link.port);
  return url.href;
};

/** A loop that counts its passes and what it warns of. */
function counting(
  connectionString: string,
  { statementTimeoutMs = 1_000, work = 'select 1' }: { statementTimeoutMs?: number; work?: string } = {},
) {
  const seen = { begun: 0, passes: 0, warnings: 0 };
  loops.push(
    startLoop({
      ...{ name: NAME, connectionString, lock: LOCK, pollMs: 50, statementTimeoutMs, times: TIMES },
      log: { info: () => undefined, warn: () => void seen.warnings++ },
      async pass(db) {
        seen.begun += 1;
        await db.transaction().execute((tx) => sql.raw(work).execute(tx));
        seen.passes += 1;
        return 'idle';
      },
    }),
  );
  return seen;
}

const alarms = () => alarmsOn(databaseOn(database.pool)).list('all', { settled: false }, 10);
const silentSeconds = async () => (await loopReadsOn(databaseOn(database.pool)).silentSeconds()).get(NAME) ?? 0;
const soon = (ms: number, holds: () => void | Promise<void>) => vi.waitFor(holds, { timeout: ms, interval: 20 });

describe('a session that is silently dead', () => {
  it('is noticed in bounded time; the lock moves to who stands by, and an alarm says so', async () => {
    const first = counting(throughLink());
    await soon(5_000, () => expect(first.passes).toBeGreaterThan(2));
    const second = counting(database.url);
    await soon(5_000, async () => expect(await silentSeconds()).toBeLessThan(0.5));
    expect(second.passes).toBe(0);

    link.set('hole');
    await soon(TIMES.askMs + 3 * TIMES.answerMs, () => expect(first.warnings).toBeGreaterThan(0));
    const passes = first.passes;
    await soon(TIMES.endMs, async () => expect(await silentSeconds()).toBeGreaterThan(0.6));
    await soon(3 * TIMES.endMs, () => expect(second.passes).toBeGreaterThan(2));
    expect(first.passes).toBe(passes);
    expect(await alarms()).toMatchObject([{ kind: 'loop_session_silent', subject: NAME, operationId: null }]);
    expect(await silentSeconds()).toBeLessThan(0.5);
    expect(second.warnings).toBe(0);
  });

  it('is noticed in the middle of a transaction too, and the same process goes on when new sessions work', async () => {
    const loop = counting(throughLink(), { statementTimeoutMs: 1_500, work: 'select pg_sleep(0.5)' });
    await soon(5_000, () => expect([loop.begun, loop.passes]).toEqual([2, 1]));
    await pause(200);
    link.set('hole');
    await soon(1_500 + 3 * TIMES.answerMs, () => expect(loop.warnings).toBe(1));
    // The session before is lost for good; what is connected from now on works.
    link.reset();
    link.set('pass');
    const before = loop.passes;
    await soon(15_000, () => expect(loop.passes).toBeGreaterThan(before));
    expect(await alarms()).toMatchObject([{ kind: 'loop_session_silent', subject: NAME }]);
  });

  it('shows as infinite silence where no process runs the loop', async () => {
    expect(await silentSeconds()).toBe(Number.POSITIVE_INFINITY);
  });
});

it('a quiet session is kept alive, also while it waits for long between passes', async () => {
  const warnings: object[] = [];
  let passes = 0;
  loops.push(
    startLoop({
      ...{ name: NAME, connectionString: database.url, lock: LOCK, pollMs: 2 * TIMES.endMs, times: TIMES },
      log: { info: () => undefined, warn: (fields) => void warnings.push(fields) },
      async pass() {
        passes += 1;
        return 'idle';
      },
    }),
  );
  await soon(4 * TIMES.endMs, () => expect(passes).toBe(2));
  expect(warnings).toEqual([]);
});
