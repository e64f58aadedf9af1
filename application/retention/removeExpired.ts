import type { Chore } from '../background.ts';
import type { Log } from '../log.ts';

/** Retention periods, in real time, never in operation time. Event log and ledger are stored permanently. */
export type RetentionTimes = {
  /** raw lists, after their commit or refusal, or without a commit */
  listsDays: number;
  /** idempotency keys and the answers under them */
  answersDays: number;
  /** callbacks of partners, after they were handled */
  inboxDays: number;
  /** identifying data of a person, after the end of their last journey */
  peopleMonths: number;
};

/** How many rows of each kind. */
export type Removed = Record<keyof RetentionTimes, number>;

/** Removes expired data, a portion of each kind at a time, until none is left. */
export const removeExpired =
  (removePortion: (keep: RetentionTimes) => Promise<Removed>, keep: RetentionTimes, log: Log): Chore =>
  async (leaving) => {
    while (!leaving()) {
      const removed = await removePortion(keep);
      if (Object.values(removed).every((count) => count === 0)) return;
      log.info(removed, 'removed expired data');
    }
  };
