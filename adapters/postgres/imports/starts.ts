import type { ImportInput } from '../../../workflows/messages.ts';
import type { Queryable } from '../database.ts';

/** Which workflow run to start; the process builds it from workflows/messages.ts. */
export type Start = { workflowId: string; taskQueue: string };

/** The run of one step of an import; `round` counts the checks of the list. */
export type StartOf = (importId: string, round: number) => Start;

/** Orders a run, once. */
export async function orderRun(
  client: Queryable,
  importId: string,
  step: ImportInput['step'],
  { workflowId, taskQueue }: Start,
): Promise<void> {
  await client.query(
    `insert into pending_starts (workflow_id, workflow, task_queue, input)
     select $1, 'importList', $2, jsonb_build_object('version', 1, 'importId', id, 'operationId', operation_id, 'step', $4::text)
       from imports where id = $3
     on conflict (workflow_id) do nothing`,
    [workflowId, taskQueue, importId, step],
  );
}

/**
 * Orders another check of a list from the beginning. Rows of registered people stay; all others are judged again.
 * @returns the run that does it
 */
export async function checkAgain(client: Queryable, importId: string, startOf: StartOf): Promise<Start> {
  await client.query('delete from import_rows where import_id = $1 and person_id is null', [importId]);
  await client.query('delete from import_cells where import_id = $1', [importId]);
  const { rows } = await client.query<{ round: number }>(
    `update imports set status = 'uploaded', round = round + 1, refusal = null, encrypted_found = null, counts = null, met = null,
                        total = null, done = 0, failed = 0, started_at = null, finished_at = null
      where id = $1 returning round`,
    [importId],
  );
  const start = startOf(importId, rows[0]?.round ?? 1);
  await orderRun(client, importId, 'check', start);
  return start;
}
