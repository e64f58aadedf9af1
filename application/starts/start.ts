import type { Alarm } from '../alarms/alarms.ts';
import { codeOf, eachOf, type Log } from '../background.ts';

/** A workflow to start: its row is committed. */
export type PendingStart = { workflowId: string; workflow: string; taskQueue: string; input: unknown };

export type ClaimedStart = PendingStart & { attempts: number };

/** Pending starts inside a transaction, which ends the claims. */
export type OpenStarts = {
  /** the oldest that no other process works on and that the server has not refused `MOST_ATTEMPTS` times */
  claim(limit: number): Promise<ClaimedStart[]>;
  /** those of these that are open and that no other process works on */
  claimThese(workflowIds: readonly string[]): Promise<ClaimedStart[]>;
  /** records which were started, and which the server refused */
  settle(started: readonly string[], refused: readonly string[]): Promise<void>;
  raiseAlarm(alarm: Alarm, occasion: string): Promise<void>;
};

export type StartPorts = {
  transaction<T>(work: (starts: OpenStarts) => Promise<T>): Promise<T>;
  /** starts it, or finds it started */
  start(pending: PendingStart): Promise<void>;
  /** whether the error says that the server is away, and not that it refuses this one start */
  isAway(error: unknown): boolean;
  log: Log;
};

/** After this many refusals by the server a start is no longer tried, and an alarm is raised. */
export const MOST_ATTEMPTS = 20;
/** Starts at once; more of them make the server slower. */
const AT_ONCE = 16;

export function starts({ transaction, start, isAway, log }: StartPorts) {
  const startThese = async (
    open: OpenStarts,
    claimed: readonly ClaimedStart[],
  ): Promise<{ started: string[]; away?: Error }> => {
    const started: string[] = [];
    const refused: ClaimedStart[] = [];
    let away: Error | undefined;
    await eachOf(claimed, AT_ONCE, async (pending) => {
      if (away !== undefined) return;
      try {
        await start(pending);
        started.push(pending.workflowId);
      } catch (error) {
        if (isAway(error)) {
          away = error instanceof Error ? error : new Error('Temporal is away');
          return;
        }
        refused.push(pending);
        log.warn({ workflow: pending.workflowId, error: codeOf(error) }, 'start refused by the server');
      }
    });
    const refusedIds = refused.map(({ workflowId }) => workflowId);
    if (started.length + refused.length > 0) await open.settle(started, refusedIds);
    for (const { workflowId } of refused.filter(({ attempts }) => attempts + 1 === MOST_ATTEMPTS)) {
      const detail = { attempts: MOST_ATTEMPTS };
      await open.raiseAlarm({ subject: workflowId, kind: 'start_refused', detail }, 'start');
    }
    return { started, ...(away === undefined ? {} : { away }) };
  };

  return {
    /**
     * Starts the oldest that wait. Returns how many there were.
     * @throws Error while the server is away; what was started until then is recorded
     */
    async startOldest(limit: number): Promise<number> {
      const { count, away } = await transaction(async (open) => {
        const claimed = await open.claim(limit);
        return { count: claimed.length, ...(await startThese(open, claimed)) };
      });
      if (away !== undefined) throw away;
      return count;
    },

    /**
     * Tries at once to start these workflows, whose rows are committed. The workflow starter retries what fails, so this
     * never fails because Temporal is away. Returns the ids that this call started.
     */
    async startNow(workflowIds: readonly string[]): Promise<string[]> {
      if (workflowIds.length === 0) return [];
      return transaction(async (open) => (await startThese(open, await open.claimThese(workflowIds))).started);
    },
  };
}
