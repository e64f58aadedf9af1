import { derivedId } from '../ids.ts';
import type { Queryable } from './database.ts';

/** Something that somebody has to look at. `detail` holds ids and codes, never anything about a person. */
export type Alarm = { operationId?: string; subject: string; kind: string; detail: Record<string, unknown> };

/** Raises an alarm once: while one of the same subject, kind and `occasion` stands, a repeat changes nothing. */
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
