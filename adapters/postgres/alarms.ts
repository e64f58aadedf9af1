import type { Pool } from 'pg';
import type { AlarmKind } from '../../domain/messages/t.ts';
import { STORED_FIELDS } from '../../domain/storedValue.ts';
import type { Instant } from '../../domain/time.ts';
import { derivedId } from '../ids.ts';
import { epoch, type Queryable } from './database.ts';

/** A fault that a person must settle. `detail` holds ids and codes, never data of a person. */
export type Alarm = { operationId?: string; subject: string; kind: AlarmKind; detail: Record<string, unknown> };

/** Raises an alarm once: while an alarm of the same subject, kind and `occasion` is open, a repeat changes nothing. */
export async function raiseAlarm(db: Queryable, alarm: Alarm, occasion: string): Promise<void> {
  await db.query(
    `insert into alarms (id, operation_id, subject, kind, detail) values ($1, $2, $3, $4, $5)
     on conflict (id) do nothing`,
    [
      derivedId('alarm', alarm.subject, alarm.kind, occasion),
      alarm.operationId ?? null,
      alarm.subject,
      alarm.kind,
      alarm.detail,
    ],
  );
}

export type AlarmRow = {
  id: string;
  /** null if it concerns the system as a whole */
  operationId: string | null;
  subject: string;
  kind: AlarmKind;
  detail: Record<string, unknown>;
  raisedAt: Instant;
  settledAt: Instant | null;
  settledBy: string | null;
  reasonCode: string | null;
};
type StoredAlarm = Omit<AlarmRow, 'detail'> & { detail: unknown };

const alarmOf = (row: StoredAlarm): AlarmRow => ({ ...row, detail: STORED_FIELDS.read(row.detail) });

export type AlarmAfter = readonly [raisedAt: number, id: string];

const SELECT = `select id, operation_id as "operationId", subject, kind, detail, ${epoch('raised_at', 'raisedAt')},
  ${epoch('settled_at', 'settledAt')}, settled_by as "settledBy", reason_code as "reasonCode" from alarms`;

/** Alarms as people read and settle them. */
export function createAlarms(pool: Pool) {
  return {
    /** Alarms of these operations, the oldest first; those of the whole system only with `all`. */
    async list(
      operations: 'all' | readonly string[],
      { settled }: { settled: boolean },
      limit: number,
      from?: AlarmAfter,
    ): Promise<AlarmRow[]> {
      const { rows } = await pool.query<StoredAlarm>(
        `${SELECT} where ($1::text[] is null or operation_id = any($1)) and (settled_at is not null) = $2
           and ($4::text is null or (raised_at, id) > (to_timestamp($3::double precision / 1000), $4))
          order by raised_at, id limit $5`,
        [operations === 'all' ? null : operations, settled, from?.[0] ?? null, from?.[1] ?? null, limit + 1],
      );
      return rows.map(alarmOf);
    },

    /** `*` if it concerns the whole system; undefined for an unknown alarm. */
    async operationOf(id: string): Promise<string | undefined> {
      const { rows } = await pool.query<{ operation: string }>(
        `select coalesce(operation_id, '*') as operation from alarms where id = $1`,
        [id],
      );
      return rows[0]?.operation;
    },

    /** Settles once; a repeat returns who settled it. */
    async settle(id: string, by: string, reasonCode: string): Promise<AlarmRow | undefined> {
      await pool.query(
        'update alarms set settled_at = now(), settled_by = $2, reason_code = $3 where id = $1 and settled_at is null',
        [id, by, reasonCode],
      );
      const { rows } = await pool.query<StoredAlarm>(`${SELECT} where id = $1`, [id]);
      return rows[0] && alarmOf(rows[0]);
    },

    /** For metrics: open alarms by kind. */
    async open(): Promise<Array<{ kind: string; count: number }>> {
      const { rows } = await pool.query<{ kind: string; count: number }>(
        'select kind, count(*)::integer as count from alarms where settled_at is null group by kind order by kind',
      );
      return rows;
    },
  };
}

export type Alarms = ReturnType<typeof createAlarms>;
