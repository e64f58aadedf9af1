import type { RecordedEvent } from '../../domain/record.ts';
import { type Restartable, restartFrom } from '../../domain/restart.ts';
import type { Alarm } from '../alarms/alarms.ts';
import { codeOf, eachOf, type Log } from '../background.ts';

/** A workflow to start: its row is committed. */
/** `again`: it has run and ended before, and was reopened. */
export type PendingStart = {
  workflowId: string;
  workflow: string;
  taskQueue: string;
  input: unknown;
  again?: boolean;
};

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

/**
 * How many starts run at once. A few small batches keep the server busy. The rest of the connection pool serves
 * requests.
 */
const BATCHES_AT_ONCE = 4;
const BATCH = 16;

type Order = { workflowId: string; carriedOut: () => void };

/**
 * Starts workflows in batches, as requests order them one by one. While four batches run, new orders wait for the next
 * batch. Under load, a transaction and a connection for each start would cost more than the start itself.
 * @param start starts these; it never rejects, since the workflow starter retries what fails
 * @returns takes orders; its promise resolves when they have been tried
 */
export function startsInBatches(
  start: (workflowIds: readonly string[]) => Promise<void>,
): (workflowIds: readonly string[]) => Promise<void> {
  const waiting: Order[] = [];
  let underWay = 0;
  const carryOut = async (): Promise<void> => {
    underWay += 1;
    while (waiting.length > 0) {
      const batch = waiting.splice(0, BATCH);
      await start(batch.map(({ workflowId }) => workflowId));
      for (const { carriedOut } of batch) carriedOut();
    }
    underWay -= 1;
  };
  return async (workflowIds) => {
    const orders = workflowIds.map(
      (workflowId) =>
        new Promise<void>((carriedOut) => {
          waiting.push({ workflowId, carriedOut });
        }),
    );
    if (underWay < BATCHES_AT_ONCE) void carryOut();
    await Promise.all(orders);
  };
}

export type StartAgainPorts = {
  /** how the workflow was started first; undefined where it never was */
  readStart(workflowId: string): Promise<PendingStart | undefined>;
  /** the whole event log of a subject, in order */
  readEvents(subjectKind: Restartable, subject: string): Promise<RecordedEvent[]>;
  /** @throws WorkflowExecutionAlreadyStartedError while a workflow of this id runs */
  startAgain(start: PendingStart): Promise<void>;
};

const KINDS: readonly string[] = ['journey', 'movement', 'operation'] satisfies Restartable[];

/**
 * Starts a journey, movement or operation again under its id, from its event log alone: its workflow is gone (terminated,
 * or lost with its server), and people still wait for it.
 * @returns the sequence number from which it goes on
 * @throws RangeError where nothing of this id can be started again
 */
export async function startAgain(ports: StartAgainPorts, workflowId: string): Promise<number> {
  const start = await ports.readStart(workflowId);
  if (start === undefined || !isRestartable(start.workflow))
    throw new RangeError(`${workflowId} is no journey, movement or operation that was ever started`);
  const events = await ports.readEvents(start.workflow, workflowId.slice(workflowId.indexOf(':') + 1));
  const carried = restartFrom(start.workflow, events);
  // Without events it has not begun: it begins as it would have.
  const input = events.length === 0 ? start.input : { ...Object(start.input), carried };
  await ports.startAgain({ ...start, input });
  return carried.state.seq;
}

function isRestartable(workflow: string): workflow is Restartable {
  return KINDS.includes(workflow);
}
