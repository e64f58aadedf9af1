import type { Refusal } from '../../domain/imports/importRecord.ts';
import type { Chore, Log } from '../background.ts';

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

/** Each removes at most `most` that are older than so many days or months, and says how many. */
export type RetentionPorts = {
  answers(days: number, most: number): Promise<number>;
  inbox(days: number, most: number): Promise<number>;
  /**
   * A list with rows to correct stays until somebody has handled them, because its people are stored nowhere else. One
   * that nobody committed is refused.
   */
  lists(days: number, most: number, refusal: Refusal): Promise<number>;
  /** The key and the search keys go, so the encrypted data is unreadable; journeys, events and counts stay. */
  people(months: number, most: number): Promise<number>;
};

/** Rows and lists in one statement. */
const PORTION = 1_000;
const LISTS = 10;

const NOT_KEPT: Refusal = {
  code: 'list_not_kept',
  detail: 'Nobody committed this list, and lists are stored for a limited time only.',
  hint: 'Upload the file again.',
};

/** Deletes a portion of all expired data. @returns deleted rows of each kind */
export async function removeOld(
  ports: RetentionPorts,
  keep: RetentionTimes,
): Promise<Record<keyof RetentionTimes, number>> {
  return {
    answersDays: await ports.answers(keep.answersDays, PORTION),
    inboxDays: await ports.inbox(keep.inboxDays, PORTION),
    listsDays: await ports.lists(keep.listsDays, LISTS, NOT_KEPT),
    peopleMonths: await ports.people(keep.peopleMonths, PORTION),
  };
}

/** Removes expired data, a portion of each kind at a time, until none is left. */
export const removeAllOld =
  (ports: RetentionPorts, keep: RetentionTimes, log: Log): Chore =>
  async (leaving) => {
    while (!leaving()) {
      const removed = await removeOld(ports, keep);
      if (Object.values(removed).every((count) => count === 0)) return;
      log.info(removed, 'removed expired data');
    }
  };
