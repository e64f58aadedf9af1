import { ApplicationFailure } from '@temporalio/activity';
import { DatabaseError, type Pool } from 'pg';
import { EVENT_FORMS } from '../../domain/eventLog.ts';
import type { JourneyEventType } from '../../domain/journeys/events.ts';
import { type EscalationStep, taskAt, WAIT_MESSAGES, type Wait } from '../../domain/journeys/waits.ts';
import { JOURNEY_EVENTS, MOVEMENT_EVENTS, OPERATION_EVENTS } from '../../domain/outboxEvents.ts';
import {
  merged,
  type RecordBatch,
  type RecordedEvent,
  type RecordResult,
  type SubjectKind,
} from '../../domain/record.ts';
import { JOURNEY_SERVICES } from '../../domain/services.ts';
import { type Instant, iso } from '../../domain/time.ts';
import { derivedId, newId } from '../ids.ts';
import { type ActorColumns, actorOf } from './eventLog.ts';

/** SQLSTATE that record_events raises for a event_log that tells another story. */
const EVENT_LOG_CONFLICT = 'HW001';

/** Failure type by which a subject alreadyRecorded still until somebody has looked. */
const EVENT_LOG_CONFLICT_FAILURE = 'EventLogConflict';

/** How often a batch is merged with what others record meanwhile; each time the event_log has grown. */
const MERGES = 5;

/**
 * Writes one batch through record_events, in one transaction. What the event_log has already, in whatever order, alreadyRecorded
 * (domain/record.ts, `merged`); the result says so.
 * @throws ApplicationFailure (not retryable) where the event_log lacks events that the workflow knows, or belongs to another
 *   subject of the same id; an alarm is raised first. Any other error is the database's own and may be tried again.
 */
export async function recordEvents(pool: Pool, batch: RecordBatch): Promise<RecordResult> {
  const seatedOn = new Set<string>();
  const write = async (asked: RecordBatch): Promise<number | undefined> => {
    const written = await tryToWrite(pool, asked);
    for (const movement of written?.seatedOn ?? []) seatedOn.add(movement);
    return written?.last;
  };
  const result = (alreadyRecorded?: RecordedEvent[]): RecordResult => ({
    seatedOn: [...seatedOn],
    ...(alreadyRecorded === undefined ? {} : { alreadyRecorded }),
  });

  if ((await write(batch)) === batch.after + batch.events.length) return result();
  for (let time = 0; time < MERGES; time++) {
    const alreadyRecorded = await eventLogAfter(pool, batch);
    const all = alreadyRecorded && merged(alreadyRecorded, batch.events);
    if (!all) throw await suspensionOverlapOf(pool, batch);
    // projection and waits are the workflow's next word, when it has seen what alreadyRecorded
    if ((await write({ ...batch, events: all, projection: { seq: 0 }, waits: [] })) === batch.after + all.length)
      return result(all);
  }
  throw new Error('The event_log grew at each attempt to record');
}

/** @returns undefined where the event_log has another event at one of the sequence numbers, or a gap before the first */
async function tryToWrite(pool: Pool, batch: RecordBatch): Promise<{ seatedOn: string[]; last: number } | undefined> {
  try {
    const { rows } = await pool.query<{ result: { seatedOn: string[]; last: number } }>({
      name: 'record_events',
      text: 'select record_events($1::jsonb) as result',
      values: [JSON.stringify(written(batch))],
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

/** The batch in the words of the database: instants as ISO 8601, with the events and services that follow from the events. */
function written(batch: RecordBatch): object {
  const last = batch.events.at(-1);
  return {
    ...batch,
    projection: { ...batch.projection, ...(last ? { at: iso(last.at) } : {}) },
    events: batch.events.map((event) => ({
      ...event,
      at: iso(event.at),
      dataVersion: EVENT_FORMS[batch.subjectKind].versionOf(event.type),
      events: outboxEventsOf(batch.subjectKind, batch.subject, event),
      services: servicesOf(batch.subjectKind, batch.subject, event),
    })),
    waits: batch.waits.map((wait) => ({
      ...wait,
      ...times(wait),
      then: WAIT_MESSAGES[wait.what].then,
      tasks: tasksOf(batch.subject, wait),
    })),
    escalationSteps: (batch.escalationSteps ?? []).map((escalationStep) => ({
      ...escalationStep,
      dueReal: iso(escalationStep.dueReal),
    })),
  };
}

const optional = (at: Instant | undefined): string | null => (at === undefined ? null : iso(at));

function times(wait: Wait): Record<string, string | null> {
  return {
    since: iso(wait.since),
    remindAt: optional(wait.remindAt),
    due: optional(wait.due),
    escalateAt: optional(wait.escalateAt),
  };
}

/** The tasks that an open wait has opened so far; their ids follow from the wait, so that none is opened twice. */
function tasksOf(subject: string, wait: Wait): Array<{ id: string; role: string; openedAt: string }> {
  const escalationSteps: EscalationStep[] = ['waiting', 'due', 'escalated'];
  const escalated: EscalationStep = wait.escalationStep === 'reminded' ? 'waiting' : wait.escalationStep;
  return escalationSteps.slice(0, escalationSteps.indexOf(escalated) + 1).flatMap((escalationStep) => {
    const role = taskAt(wait.whom, escalationStep);
    if (role === undefined) return [];
    const openedAt =
      escalationStep === 'waiting'
        ? wait.since
        : escalationStep === 'due'
          ? (wait.due ?? wait.since)
          : (wait.escalateAt ?? wait.since);
    return [{ id: `${subject}.${wait.key}.${wait.since}.${escalationStep}`, role, openedAt: iso(openedAt) }];
  });
}

function outboxEventsOf(
  kind: SubjectKind,
  subject: string,
  event: RecordedEvent,
): Array<{ id: string; type: string; data: object }> {
  const rule =
    kind === 'journey'
      ? JOURNEY_EVENTS[event.type as JourneyEventType]
      : kind === 'movement'
        ? MOVEMENT_EVENTS[event.type]
        : OPERATION_EVENTS[event.type];
  if (!rule) return [];
  const data = Object.fromEntries(rule.fields.map((field) => [field, event.data[field]]));
  return [{ id: derivedId('event', subject, event.seq, rule.type), type: rule.type, data }];
}

function servicesOf(
  kind: SubjectKind,
  subject: string,
  event: RecordedEvent,
): Array<{ id: string; sector: string; kind: string }> {
  const service = kind === 'journey' ? JOURNEY_SERVICES[event.type as JourneyEventType] : undefined;
  if (!service) return [];
  // A follow-up at which nobody was reached was no service; nor is a check that has only been renewed a second reach.
  if (event.type === 'followUpDone' && event.data['reached'] !== true) return [];
  return [{ id: derivedId('service', subject, event.seq), sector: service.sector, kind: service.kind }];
}
