import { sql } from 'kysely';
import { DatabaseError } from 'pg';
import type { RecordPorts } from '../../../application/eventLog/record.ts';
import { newId } from '../../../application/ids.ts';
import { type Actor, STORED_ACTOR } from '../../../domain/actor.ts';
import type { EventForms } from '../../../domain/eventForms.ts';
import { EVENT_FORMS } from '../../../domain/eventLog.ts';
import type { RecordBatch } from '../../../domain/record.ts';
import type { Instant } from '../../../domain/time.ts';
import { type Db, instant, json } from '../database.ts';
import type { EventLogEntry } from '../generated/kysely/tables.ts';
import { rowsOf } from './recordRows.ts';

/** SQLSTATE that record_events raises for an event log that tells another story. */
const EVENT_LOG_CONFLICT = 'HW001';

/** @throws StoredFormError */
function actorOf({ actor: id, actorKind: kind, role }: Pick<EventLogEntry, 'actor' | 'actorKind' | 'role'>): Actor {
  return STORED_ACTOR.read({ kind, id, ...(role === null ? {} : { role }) });
}

/** All events of a subject, in order. @throws StoredFormError */
export async function readEvents<E extends { type: string; data: Record<string, unknown> }>(
  db: Db,
  forms: EventForms<E>,
  subject: string,
): Promise<Array<E & { at: Instant; actor: Actor }>> {
  const rows = await db
    .selectFrom('eventLog')
    .select(['type', 'actor', 'actorKind', 'role', 'data', 'dataVersion'])
    .select((eb) => instant(eb, 'at'))
    .where('subject', '=', subject)
    .orderBy('seq')
    .execute();
  return rows.map((row) => ({ ...forms.read(row.type, row.dataVersion, row.data), at: row.at, actor: actorOf(row) }));
}

export function eventLogOn(db: Db) {
  return {
    async write(batch: RecordBatch) {
      type Written = Awaited<ReturnType<RecordPorts['write']>>;
      try {
        const rows = JSON.stringify(rowsOf(batch));
        const { rows: written } = await sql<{
          result: Written;
        }>`select record_events(${rows}::jsonb) as result`.execute(db);
        return written[0]?.result;
      } catch (error) {
        if (error instanceof DatabaseError && error.code === EVENT_LOG_CONFLICT) return undefined;
        throw error;
      }
    },

    async eventsAfter({ subject, subjectKind, after }: Pick<RecordBatch, 'subject' | 'subjectKind' | 'after'>) {
      const rows = await db
        .selectFrom('eventLog')
        .select(['seq', 'phase', 'type', 'actor', 'actorKind', 'role', 'commandId', 'reasonCode', 'noteId'])
        .select((eb) => ['data', 'dataVersion', instant(eb, 'at')])
        .where('subject', '=', subject)
        .where('seq', '>=', after)
        .orderBy('seq')
        .execute();
      if (after > 0 && rows.shift()?.seq !== after) return undefined;
      return rows.map((row) => ({
        seq: row.seq,
        ...EVENT_FORMS[subjectKind].read(row.type, row.dataVersion, row.data),
        at: row.at,
        actor: actorOf(row),
        ...(row.phase === null ? {} : { phase: row.phase }),
        ...(row.commandId === null ? {} : { commandId: row.commandId }),
        ...(row.reasonCode === null ? {} : { reasonCode: row.reasonCode }),
        ...(row.noteId === null ? {} : { noteId: row.noteId }),
      }));
    },

    async raiseConflict({ operationId, subject, after, events }: RecordBatch): Promise<void> {
      const detail = json({ after, seq: events.map(({ seq }) => seq) });
      await db
        .insertInto('alarms')
        .values({ id: newId('alarm'), operationId, subject, kind: 'event_log_conflict', detail })
        .execute();
    },

    /**
     * The recorded answer to a command, with the current state of its subject. It is read when the workflow refuses or
     * has ended. A sender who never got the answer repeats the command and is not refused.
     * @returns undefined without an event of this command
     */
    async answerOnRecord(subject: string, commandId: string): Promise<object | undefined> {
      const { rows } = await sql<{ seq: number; status: string; phase: string | null }>`
        select event.seq, journeys.phase, coalesce(journeys.status, movements.status, operations.status) as status
          from (select max(seq) as seq from event_log where subject = ${subject} and command_id = ${commandId}) event
          left join journeys on journeys.id = ${subject}
          left join movements on movements.id = ${subject}
          left join operations on operations.id = ${subject}
         where event.seq is not null`.execute(db);
      const [row] = rows;
      if (!row) return undefined;
      const { seq, status, phase } = row;
      return phase === null ? { seq, status, detail: {} } : { seq, status, phase };
    },
  };
}
