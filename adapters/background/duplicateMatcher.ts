import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, type Log } from '../../application/background.ts';
import { type Instant, isoDay } from '../../domain/time.ts';
import { raiseAlarm } from '../postgres/alarms.ts';
import type { Db } from '../postgres/database.ts';
import { type Loop, startLoop } from './loop.ts';

/** Session lock of the duplicate matcher; any number that no other lock uses. */
const DUPLICATE_MATCHER_LOCK = 7_261_003;

export type DuplicateMatcherDeps = {
  connectionString: string;
  matching(db: Db): {
    /** @returns how many newcomers were compared */
    matchNewcomers(): Promise<number>;
    /** @returns whether there was a list to compare */
    compareCheckedList(pause: () => Promise<void>): Promise<boolean>;
  };
  /** real time */
  now(): Instant;
  log: Log;
  pollMs?: number;
};

/**
 * Compares newly registered people, and the rows of checked lists, with everybody known. Pairs go to a person to decide.
 * Several processes may start a matcher; one works, the others stand by. It works half of the time, so that a long list
 * delays nothing else in this process.
 */
export function startDuplicateMatcher({
  connectionString,
  matching,
  now,
  log,
  pollMs = 1_000,
}: DuplicateMatcherDeps): Loop {
  return startLoop({
    name: 'duplicate matcher',
    connectionString,
    lock: DUPLICATE_MATCHER_LOCK,
    // A portion of a list may meet everybody known.
    statementTimeoutMs: 600_000,
    pollMs,
    log,
    async pass(db) {
      let begun = performance.now();
      const pause = async () => {
        await sleep(performance.now() - begun);
        begun = performance.now();
      };
      try {
        const { matchNewcomers, compareCheckedList } = matching(db);
        if ((await matchNewcomers()) > 0) await pause();
        else if (!(await compareCheckedList(pause))) return 'idle';
        return 'more';
      } catch (error) {
        // Everybody who arrives later waits behind the failure, so an alarm is raised once a day. Without the database
        // none can be raised.
        const day = isoDay(now());
        const alarm = { subject: 'comparer', kind: 'comparison_fails', detail: { error: codeOf(error) } } as const;
        await raiseAlarm(db, alarm, day).catch(() => undefined);
        throw error;
      }
    },
  });
}
