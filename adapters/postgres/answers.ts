import type { Pool } from 'pg';

type Row = { seq: number; stage: string | null; chapter: string | null; status: string | null };

/**
 * The answer to a command that the journal has, with how its subject stands now. Asked where the workflow says no, or is
 * gone: a decision can be on record although its sender never heard so, and whoever sends it again is not refused.
 * @returns undefined where no fact of this command stands
 */
export async function answerOnRecord(pool: Pool, subject: string, commandId: string): Promise<object | undefined> {
  const { rows } = await pool.query<Row>(
    `select fact.seq, journeys.stage, journeys.chapter, coalesce(movements.status, operations.status) as status
       from (select max(seq) as seq from journal where subject = $1 and command_id = $2) fact
       left join journeys on journeys.id = $1
       left join movements on movements.id = $1
       left join operations on operations.id = $1
      where fact.seq is not null`,
    [subject, commandId],
  );
  const [row] = rows;
  if (!row) return undefined;
  const { seq, stage, chapter, status } = row;
  if (status === null) return { seq, stage, chapter };
  return { seq, status, detail: {} };
}
