import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { raiseAlarm } from '../postgres/alarms.ts';
import { type Queryable, transaction } from '../postgres/database.ts';
import {
  claimStarts,
  claimTheseStarts,
  MOST_ATTEMPTS,
  type PendingStartRow,
  settleStarts,
} from '../postgres/starts.ts';
import { temporalIsAway, type WorkflowGateway } from '../temporal/workflowGateway.ts';
import { codeOf, eachOf, type Loop, type LoopLog, startLoop, within } from './loop.ts';

/** Starts at once; more of them make the server slower. */
const AT_ONCE = 16;
const BATCH = 64;

export type WorkflowStarterDeps = {
  connectionString: string;
  gateway: Pick<WorkflowGateway, 'start'>;
  log: LoopLog;
  pollMs?: number;
  /** most starts a second, so that running workflows keep their share of the server */
  perSecond?: number;
};

/** Starts the workflows that are still to start. Every process may run one: a lock on the rows prevents double work. */
export function startWorkflowStarter({
  connectionString,
  gateway,
  log,
  pollMs = 1_000,
  perSecond = 200,
}: WorkflowStarterDeps): Loop {
  return startLoop({
    name: 'starter',
    connectionString,
    channel: 'starts',
    pollMs,
    log,
    async pass(client) {
      const begun = performance.now();
      const { claimed, away } = await within(client, async () => {
        const rows = await claimStarts(client, BATCH);
        return { claimed: rows, ...(await startThese(client, gateway, rows, log)) };
      });
      // Successful starts are recorded; the rest waits until the server is back.
      if (away !== undefined) throw away;
      if (claimed.length < BATCH) return 'idle';
      await sleep(Math.max(0, (claimed.length / perSecond) * 1_000 - (performance.now() - begun)));
      return 'more';
    },
  });
}

/**
 * Tries at once to start these workflows, whose rows are committed. The workflow starter retries what fails, so this
 * never fails because Temporal is away. Returns the ids that this call started.
 */
export async function startNow(
  { pool, gateway, log }: { pool: Pool; gateway: Pick<WorkflowGateway, 'start'>; log: LoopLog },
  workflowIds: readonly string[],
): Promise<string[]> {
  if (workflowIds.length === 0) return [];
  return transaction(pool, async (client) => {
    const claimed = await claimTheseStarts(client, workflowIds);
    return (await startThese(client, gateway, claimed, log)).started;
  });
}

async function startThese(
  client: Queryable,
  gateway: Pick<WorkflowGateway, 'start'>,
  claimed: readonly PendingStartRow[],
  log: LoopLog,
): Promise<{ started: string[]; away?: Error }> {
  const started: string[] = [];
  const refused: PendingStartRow[] = [];
  let away: Error | undefined;
  await eachOf(claimed, AT_ONCE, async (pending) => {
    if (away !== undefined) return;
    try {
      await gateway.start(pending);
      started.push(pending.workflowId);
    } catch (error) {
      if (temporalIsAway(error)) {
        away = error instanceof Error ? error : new Error('Temporal is away');
        return;
      }
      refused.push(pending);
      log.warn({ workflow: pending.workflowId, error: codeOf(error) }, 'start refused by the server');
    }
  });
  if (started.length + refused.length > 0) {
    await settleStarts(
      client,
      started,
      refused.map(({ workflowId }) => workflowId),
    );
  }
  for (const { workflowId, attempts } of refused) {
    if (attempts + 1 === MOST_ATTEMPTS) {
      await raiseAlarm(
        client,
        { subject: workflowId, kind: 'start_refused', detail: { attempts: MOST_ATTEMPTS } },
        'start',
      );
    }
  }
  return { started, ...(away === undefined ? {} : { away }) };
}
