import type { Pool } from 'pg';

type Row = { seq: number; status: string; phase: string | null };

/**
 * The recorded answer to a command, with the current state of its subject. It is read when the workflow refuses or has
 * ended. A sender who never got the answer repeats the command and is not refused.
 * @returns undefined without an event of this command
 */
export async function answerOnRecord(pool: Pool, subject: string, commandId: string): Promise<object | undefined> {
  const { rows } = await pool.query<Row>(
    `select event.seq, journeys.phase, coalesce(journeys.status, movements.status, operations.status) as status
       from (select max(seq) as seq from event_log where subject = $1 and command_id = $2) event
       left join journeys on journeys.id = $1
       left join movements on movements.id = $1
       left join operations on operations.id = $1
      where event.seq is not null`,
    [subject, commandId],
  );
  const [row] = rows;
  if (!row) return undefined;
  const { seq, status, phase } = row;
  return phase === null ? { seq, status, detail: {} } : { seq, status, phase };
}
