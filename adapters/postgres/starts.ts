import type { Queryable } from './database.ts';

/** After this many refusals by the server a start is no longer tried, and an alarm is raised. */
export const MOST_ATTEMPTS = 20;

export type PendingStartRow = {
  workflowId: string;
  workflow: string;
  taskQueue: string;
  input: unknown;
  attempts: number;
};

type Raw = { workflow_id: string; workflow: string; task_queue: string; input: unknown; attempts: number };

const fromRaw = (raw: Raw): PendingStartRow => ({
  workflowId: raw.workflow_id,
  workflow: raw.workflow,
  taskQueue: raw.task_queue,
  input: raw.input,
  attempts: raw.attempts,
});

/** Locks the oldest pending starts that no other process works on; the locks end with the transaction. */
export async function claimStarts(client: Queryable, limit: number): Promise<PendingStartRow[]> {
  const { rows } = await client.query<Raw>(
    `select workflow_id, workflow, task_queue, input, attempts from pending_starts
      where started_at is null and attempts < $2 order by created_at limit $1 for update skip locked`,
    [limit, MOST_ATTEMPTS],
  );
  return rows.map(fromRaw);
}

/** How a workflow was, or is to be, started first. */
export async function readStart(db: Queryable, workflowId: string): Promise<PendingStartRow | undefined> {
  const { rows } = await db.query<Raw>(
    'select workflow_id, workflow, task_queue, input, attempts from pending_starts where workflow_id = $1',
    [workflowId],
  );
  return rows.map(fromRaw)[0];
}

/** Locks those of these starts that are open and that nobody else is at. */
export async function claimTheseStarts(client: Queryable, workflowIds: readonly string[]): Promise<PendingStartRow[]> {
  const { rows } = await client.query<Raw>({
    name: 'claim_these_starts',
    text: `select workflow_id, workflow, task_queue, input, attempts from pending_starts
      where started_at is null and workflow_id = any($1) order by workflow_id for update skip locked`,
    values: [workflowIds],
  });
  return rows.map(fromRaw);
}

/** Records which were started, and which the server refused. */
export async function settleStarts(
  client: Queryable,
  started: readonly string[],
  refused: readonly string[],
): Promise<void> {
  await client.query(
    `update pending_starts set
       started_at = case when workflow_id = any($1) then now() end,
       attempts = attempts + 1
     where workflow_id = any($1) or workflow_id = any($2)`,
    [started, refused],
  );
}

/** Whether a workflow is still to be started. */
export async function isPending(db: Queryable, workflowId: string): Promise<boolean> {
  const { rowCount } = await db.query('select from pending_starts where workflow_id = $1 and started_at is null', [
    workflowId,
  ]);
  return rowCount !== 0;
}

/**
 * Whether a workflow is about to run: its start is pending, or happened only now, so that an earlier look-up may have
 * missed it.
 */
export async function isOnItsWay(db: Queryable, workflowId: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `select from pending_starts where workflow_id = $1 and (started_at is null or started_at > now() - interval '2 seconds')`,
    [workflowId],
  );
  return rowCount !== 0;
}
