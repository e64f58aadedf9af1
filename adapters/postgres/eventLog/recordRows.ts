import { derivedId } from '../../../application/ids.ts';
import { effectsOf } from '../../../domain/effects.ts';
import { EVENT_FORMS } from '../../../domain/eventLog.ts';
import type { Effects } from '../../../domain/events.ts';
import { tasksOf, WAIT_MESSAGES, type Wait } from '../../../domain/journeys/waits.ts';
import type { RecordBatch, RecordedEvent, SubjectKind } from '../../../domain/record.ts';
import { type Instant, iso } from '../../../domain/time.ts';
import { settlementsOfHold } from '../journeys/holds.ts';

type Row = Record<string, unknown>;
type RecordedEffects = { event: RecordedEvent; effects: Effects };

/**
 * What record_events writes for a batch: rows by table, in the names of their columns. Every rule about what an event
 * changes is decided before (domain/effects.ts). A list without rows is left out, so that its statement is not run. Rows
 * that follow from an event carry its sequence number: where the event stands already, so do they.
 */
export function rowsOf(batch: RecordBatch): object {
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
      states: recorded.flatMap(stateRow).slice(-1),
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

/** The ids follow from the wait, so that none is opened twice. */
const taskRows = (subject: string, wait: Wait): Row[] =>
  tasksOf(wait).map(({ escalationStep, role, openedAt }) => ({
    id: `${subject}.${wait.key}.${wait.since}.${escalationStep}`,
    wait_key: wait.key,
    kind: wait.what,
    role,
    opened_at: iso(openedAt),
    due: optional(wait.due),
  }));
