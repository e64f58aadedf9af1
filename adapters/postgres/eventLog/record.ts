import { ApplicationFailure } from '@temporalio/activity';
import { DatabaseError, type Pool } from 'pg';
import { newId } from '../../application/ids.ts';
import { effectsOf } from '../../domain/effects.ts';
import { EVENT_FORMS } from '../../domain/eventLog.ts';
import { merged, type RecordBatch, type RecordedEvent, type RecordResult } from '../../domain/record.ts';
import { type ActorColumns, actorOf } from './eventLog.ts';
import { rowsOf } from './recordRows.ts';

/** SQLSTATE that record_events raises for a event_log that tells another story. */
const EVENT_LOG_CONFLICT = 'HW001';

/** Failure type by which a subject alreadyRecorded still until somebody has looked. */
const EVENT_LOG_CONFLICT_FAILURE = 'EventLogConflict';

/** How often a batch is merged with what others record meanwhile; each time the event_log has grown. */
const MERGES = 5;

/**
 * Writes one batch through record_events, in one transaction. What the event_log has already, in whatever order, alreadyRecorded
 * (domain/record.ts, `merged`); the result says so.
 * @param notifyOutbox called after the commit where the events are to be sent to partners
 * @throws ApplicationFailure (not retryable) where the event_log lacks events that the workflow knows, or belongs to another
 *   subject of the same id; an alarm is raised first. Any other error is the database's own and may be tried again.
 */
export async function recordEvents(
  pool: Pool,
  batch: RecordBatch,
  notifyOutbox: () => void = () => undefined,
): Promise<RecordResult> {
  const seatedOn = new Set<string>();
  const record = async (asked: RecordBatch): Promise<number | undefined> => {
    const written = await tryToWrite(pool, asked);
    for (const movement of written?.seatedOn ?? []) seatedOn.add(movement);
    if (asked.events.some((event) => effectsOf(asked.subjectKind, event).partnerEvent)) notifyOutbox();
    return written?.last;
  };
  const result = (alreadyRecorded?: RecordedEvent[]): RecordResult => ({
    seatedOn: [...seatedOn],
    ...(alreadyRecorded === undefined ? {} : { alreadyRecorded }),
  });

  if ((await record(batch)) === batch.after + batch.events.length) return result();
  for (let time = 0; time < MERGES; time++) {
    const alreadyRecorded = await eventLogAfter(pool, batch);
    const all = alreadyRecorded && merged(alreadyRecorded, batch.events);
    if (!all) throw await suspensionOverlapOf(pool, batch);
    // projection and waits are the workflow's next word, when it has seen what alreadyRecorded
    if ((await record({ ...batch, events: all, projection: { seq: 0 }, waits: [] })) === batch.after + all.length)
      return result(all);
  }
  throw new Error('The event_log grew at each attempt to record');
}

type Written = { seatedOn: string[]; last: number };

/** @returns undefined where the event_log has another event at one of the sequence numbers, or a gap before the first */
async function tryToWrite(pool: Pool, batch: RecordBatch): Promise<Written | undefined> {
  try {
    const { rows } = await pool.query<{ result: Written }>({
      name: 'record_events',
      text: 'select record_events($1::jsonb) as result',
      values: [JSON.stringify(rowsOf(batch))],
    });
    return rows[0]?.result;
  } catch (error) {
    if (error instanceof DatabaseError && error.code === EVENT_LOG_CONFLICT) return undefined;
    throw error;
  }
}

type EventLogRow = ActorColumns & {
  seq: number;
  phase: string | null;
  type: string;
  at: Date;
  command_id: string | null;
  reason_code: string | null;
  note_id: string | null;
  data: unknown;
  data_version: number;
};

/** @returns what alreadyRecorded after a sequence number, in order; undefined where the event_log does not reach so far */
export async function eventLogAfter(
  pool: Pool,
  { subject, subjectKind, after }: Pick<RecordBatch, 'subject' | 'subjectKind' | 'after'>,
): Promise<RecordedEvent[] | undefined> {
  const { rows } = await pool.query<EventLogRow>(
    `select seq, phase, type, at, actor, actor_kind, role, command_id, reason_code, note_id, data, data_version
       from event_log where subject = $1 and seq >= $2 order by seq`,
    [subject, after],
  );
  if (after > 0 && rows.shift()?.seq !== after) return undefined;
  return rows.map((row) => ({
    seq: row.seq,
    ...EVENT_FORMS[subjectKind].read(row.type, row.data_version, row.data),
    at: row.at.getTime(),
    actor: actorOf(row),
    ...(row.phase === null ? {} : { phase: row.phase }),
    ...(row.command_id === null ? {} : { commandId: row.command_id }),
    ...(row.reason_code === null ? {} : { reasonCode: row.reason_code }),
    ...(row.note_id === null ? {} : { noteId: row.note_id }),
  }));
}

async function suspensionOverlapOf(pool: Pool, batch: RecordBatch): Promise<ApplicationFailure> {
  await pool.query('insert into alarms (id, operation_id, subject, kind, detail) values ($1, $2, $3, $4, $5)', [
    newId('alarm'),
    batch.operationId,
    batch.subject,
    'event_log_conflict',
    { after: batch.after, seq: batch.events.map((event) => event.seq) },
  ]);
  return ApplicationFailure.nonRetryable(
    `The event_log of ${batch.subject} does not go on from ${batch.after}`,
    EVENT_LOG_CONFLICT_FAILURE,
  );
}
