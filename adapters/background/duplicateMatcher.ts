import { setTimeout as sleep } from 'node:timers/promises';
import { raiseAlarm } from '../postgres/alarms.ts';
import { compareCheckedList } from '../postgres/duplicates/checkedLists.ts';
import { compareNewcomers, type DuplicateMatcherOptions } from '../postgres/duplicates/newcomers.ts';
import { codeOf, type Loop, type LoopLog, startLoop, within } from './loop.ts';

/** Session lock of the one comparer; any number that nobody else uses. */
const DUPLICATE_MATCHER_LOCK = 7_261_003;

export type DuplicateMatcherDeps = DuplicateMatcherOptions & {
  connectionString: string;
  log: LoopLog;
  pollMs?: number;
};

/**
 * Compares whoever was taken in with everybody known, so that people who are met twice are put before a person, and what
 * a dry run has checked, so that it is delivered beforehand. Any number of processes may start one; one works, the others
 * stand by. It takes half of its time, so that what waits for this process is not held up by a long list.
 */
export function startDuplicateMatcher({
  connectionString,
  log,
  pollMs = 1_000,
  ...options
}: DuplicateMatcherDeps): Loop {
  return startLoop({
    name: 'comparer',
    connectionString,
    lock: DUPLICATE_MATCHER_LOCK,
    // A portion of a list may meet everybody known.
    statementTimeoutMs: 600_000,
    pollMs,
    log,
    async pass(client) {
      let begun = performance.now();
      const pause = async () => {
        await sleep(performance.now() - begun);
        begun = performance.now();
      };
      try {
        if ((await within(client, () => compareNewcomers(client, options))) > 0) await pause();
        else if (!(await compareCheckedList(client, options.keyring, pause))) return 'idle';
        return 'more';
      } catch (error) {
        // Everybody who comes later waits behind what fails: once a day somebody is delivered. With the database away nobody can be.
        const day = new Date(options.now()).toISOString().slice(0, 10);
        const alarm = { subject: 'comparer', kind: 'comparison_fails', detail: { error: codeOf(error) } } as const;
        await raiseAlarm(client, alarm, day).catch(() => undefined);
        throw error;
      }
    },
  });
}
