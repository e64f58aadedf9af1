import { sql } from 'kysely';
import { DatabaseError } from 'pg';
import type { RecordPorts } from '../../application/eventLog/record.ts';
import { derivedId, newId } from '../../application/ids.ts';
import { type Actor, STORED_ACTOR } from '../../domain/actor.ts';
import type { Effects } from '../../domain/events.ts';
import { taskOf, WAIT_MESSAGES, type Wait } from '../../domain/journeys/waits.ts';
import { EVENT_FORMS, effectsOf, type RecordBatch, type RecordedEvent, type SubjectKind } from '../../domain/record.ts';
import { type Instant, iso } from '../../domain/time.ts';
import type { EventForms } from '../../domain/versioned.ts';
import { type Db, instant, json } from './database.ts';
import type { EventLogEntry } from './generated/kysely/tables.ts';
import { householdOfJourney, judgeAgain, lockHouseholdOf, setAge } from './households/judge.ts';
import { settlementsOfHold } from './journeys/holds.ts';

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
      try {
        return batch.events.some((event) => effectsOf(batch.subjectKind, event).judgesHousehold)
          ? await db.transaction().execute((tx) => recordAndJudge(tx, batch))
          : await recordOn(db, batch);
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

type Written = Awaited<ReturnType<RecordPorts['write']>>;

async function recordOn(db: Db, batch: RecordBatch): Promise<Written> {
  const rows = JSON.stringify(rowsOf(batch));
  const { rows: written } = await sql<{ result: Written }>`select record_events(${rows}::jsonb) as result`.execute(db);
  return written[0]?.result;
}

/** The household is judged with what the batch changes, under its lock: of two members who leave at once, the last sees both. */
async function recordAndJudge(tx: Db, batch: RecordBatch): Promise<Written> {
  const before = await lockHouseholdOf(tx, batch.subject);
  const written = await recordOn(tx, batch);
  if (before === undefined || written === undefined) return written;
  // A batch that comes late must not put back an older age.
  for (const event of written.last === batch.events.at(-1)?.seq ? batch.events : [])
    if (effectsOf(batch.subjectKind, event).setsAge) await setAge(tx, batch.subject, event.data['age'] === 'adult');
  const after = await householdOfJourney(tx, batch.subject);
  const at = Math.max(...batch.events.map((event) => event.at));
  const held: string[] = [];
  for (const householdId of new Set([before, after ?? before]))
    if (await judgeAgain(tx, householdId, at)) held.push(householdId);
  return held.length === 0 ? written : { ...written, held };
}

type Row = Record<string, unknown>;
type RecordedEffects = { event: RecordedEvent; effects: Effects };

/**
 * What record_events writes for a batch: rows by table, in the names of their columns. Every rule about what an event
 * changes is decided before (domain/record.ts). A list without rows is left out, so that its statement is not run. Rows
 * that follow from an event carry its sequence number: where the event stands already, so do they.
 */
function rowsOf(batch: RecordBatch): object {
  const { subject, operationId } = batch;
  const recorded = batch.events.map((event) => ({ event, effects: effectsOf(batch.subjectKind, event) }));
  const last = batch.events.at(-1);
  return {
    subject,
    operation_id: operationId,
    events: batch.events.map((event) => eventRow(batch.subjectKind, event)),
    ...filled({
      seats_to_free: [...new Set(recorded.flatMap(({ effects }) => effects.freesSeats ?? []))],
      outbox: recorded.flatMap((one) => outboxRow(subject, one)),
      services: recorded.flatMap((one) => serviceRow(subject, one)),
      consents: recorded.flatMap(consentRow),
      holds: latestOfEach(recorded.flatMap(holdRow)),
      settlements: recorded.flatMap(settlementRows),
      same_person: recorded.flatMap(samePersonRow),
      deaths: recorded.flatMap(deathRow),
      opened: recorded.flatMap((one) => openedRow(subject, one)),
      states: recorded.flatMap(stateRow).slice(-1),
      members: recorded
        .filter(({ effects }) => effects.concernsMembers)
        .slice(-1)
        .map(({ event }) => event.seq),
      waits: batch.waits.map((wait) => waitRow(subject, operationId, wait)),
      tasks: batch.waits.flatMap((wait) => taskRows(subject, wait)),
      lateness: (batch.escalationSteps ?? []).map(({ key, escalationStep, dueReal }) => ({
        key,
        escalation_step: escalationStep,
        due: iso(dueReal),
      })),
    }),
    kind: batch.subjectKind,
    projection: { ...batch.projection, ...(last ? { at: iso(last.at) } : {}) },
  };
}

const filled = (lists: Record<string, unknown[]>): object =>
  Object.fromEntries(Object.entries(lists).filter(([, rows]) => rows.length > 0));

const eventRow = (kind: SubjectKind, event: RecordedEvent): Row => ({
  seq: event.seq,
  phase: event.phase,
  type: event.type,
  at: iso(event.at),
  actor: event.actor.id,
  actor_kind: event.actor.kind,
  role: 'role' in event.actor ? event.actor.role : undefined,
  command_id: event.commandId,
  reason_code: event.reasonCode,
  note_id: event.noteId,
  data: event.data,
  data_version: EVENT_FORMS[kind].versionOf(event.type),
});

function outboxRow(subject: string, { event, effects: { partnerEvent } }: RecordedEffects): Row[] {
  if (!partnerEvent) return [];
  const { type, fields } = partnerEvent;
  const data = Object.fromEntries(fields.map((field) => [field, event.data[field]]));
  return [{ id: derivedId('event', subject, event.seq, type), seq: event.seq, type, at: iso(event.at), data }];
}

function serviceRow(subject: string, { event, effects: { service } }: RecordedEffects): Row[] {
  if (!service) return [];
  return [
    {
      id: derivedId('service', subject, event.seq),
      seq: event.seq,
      sector_code: service.sector,
      kind: service.kind,
      at: iso(event.at),
    },
  ];
}

function consentRow({ event, effects: { consent } }: RecordedEffects): Row[] {
  if (!consent) return [];
  return [
    {
      seq: event.seq,
      version: consent.version ?? event.data['version'],
      status: consent.status,
      form: event.data['form'] ?? 'explicit',
      sharing: consent.sharing ?? event.data['sharing'] ?? false,
      own_state: consent.ownState ?? event.data['ownState'] ?? false,
      consulates: event.data['consulates'] ?? [],
      at: iso(event.at),
      actor: event.actor.id,
      note_id: event.noteId,
    },
  ];
}

function holdRow({ event, effects: { hold } }: RecordedEffects): Row[] {
  if (!hold) return [];
  const released = hold.status === 'released' ? { released_by: event.actor.id, released_at: iso(event.at) } : {};
  return [{ seq: event.seq, id: event.data['holdId'], status: hold.status, from: hold.from, ...released }];
}

/** A hold that is raised and released in one batch is released. */
function latestOfEach(rows: Row[]): Row[] {
  return [...new Map(rows.map((row) => [row['id'], row])).values()];
}

function settlementRows({ event, effects: { settles } }: RecordedEffects): Row[] {
  const { holdId } = event.data;
  return settles && typeof holdId === 'string' ? settlementsOfHold(holdId, settles, event.at) : [];
}

function samePersonRow({ event, effects: { samePerson } }: RecordedEffects): Row[] {
  if (!samePerson) return [];
  const { settles, opens } = samePerson;
  return [{ seq: event.seq, settles, opens: opens.kind, role: opens.role, at: iso(event.at) }];
}

function stateRow({ event, effects: { confirmsState } }: RecordedEffects): Row[] {
  return confirmsState ? [{ seq: event.seq, partner_id: event.data['partnerId'] }] : [];
}

function deathRow({ event, effects: { diesAboard } }: RecordedEffects): Row[] {
  return diesAboard ? [{ seq: event.seq, at: iso(event.at), by: event.actor }] : [];
}

function openedRow(subject: string, { event, effects: { opensTask } }: RecordedEffects): Row[] {
  return opensTask ? [{ seq: event.seq, id: `${subject}.${opensTask.kind}`, ...opensTask, at: iso(event.at) }] : [];
}

const optional = (at: Instant | undefined): string | null => (at === undefined ? null : iso(at));

/** All columns of the table. */
const waitRow = (subject: string, operationId: string, wait: Wait): Row => ({
  subject,
  key: wait.key,
  operation_id: operationId,
  phase: wait.phase,
  whom_kind: wait.whom.kind,
  whom: wait.whom.id,
  what: wait.what,
  then_what: WAIT_MESSAGES[wait.what].then,
  blocks: wait.blocks,
  since: iso(wait.since),
  remind_at: optional(wait.remindAt),
  due: optional(wait.due),
  escalate_at: optional(wait.escalateAt),
  escalation_step: wait.escalationStep,
});

/** The id follows from the wait, so that none is opened twice. */
const taskRows = (subject: string, wait: Wait): Row[] =>
  taskOf(wait).map(({ role, alsoFor, openedAt }) => ({
    id: `${subject}.${wait.key}.${wait.since}`,
    wait_key: wait.key,
    kind: wait.what,
    role,
    also_for: alsoFor,
    opened_at: iso(openedAt),
    due: optional(wait.due),
  }));
