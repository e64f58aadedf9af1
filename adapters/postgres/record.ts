import { ApplicationFailure } from '@temporalio/activity';
import { DatabaseError, type Pool } from 'pg';
import type { Actor, Role } from '../../domain/actor.ts';
import { JOURNEY_EVENTS, MOVEMENT_EVENTS, OPERATION_EVENTS } from '../../domain/events.ts';
import type { JourneyFactType } from '../../domain/journey/facts.ts';
import { type Rung, taskAt, WAIT_WORDS, type Wait } from '../../domain/journey/waits.ts';
import {
  merged,
  type RecordBatch,
  type RecordedFact,
  type RecordResult,
  type SubjectKind,
} from '../../domain/record.ts';
import { JOURNEY_SERVICES } from '../../domain/services.ts';
import { type Instant, iso } from '../../domain/time.ts';
import { derivedId, newId } from '../ids.ts';

/** SQLSTATE that record_facts raises for a journal that tells another story. */
const JOURNAL_CONFLICT = 'HW001';

/** Failure type by which a subject stands still until somebody has looked. */
export const JOURNAL_CONFLICT_FAILURE = 'JournalConflict';

/** How often a batch is merged with what others record meanwhile; each time the journal has grown. */
const MERGES = 5;

/**
 * Writes one batch through record_facts, in one transaction. What the journal has already, in whatever order, stands
 * (domain/record.ts, `merged`); the result says so.
 * @throws ApplicationFailure (not retryable) where the journal lacks facts that the workflow knows, or belongs to another
 *   subject of the same id; an alarm is raised first. Any other error is the database's own and may be tried again.
 */
export async function recordFacts(pool: Pool, batch: RecordBatch): Promise<RecordResult> {
  const seatedOn = new Set<string>();
  const write = async (asked: RecordBatch): Promise<number | undefined> => {
    const written = await tryToWrite(pool, asked);
    for (const movement of written?.seatedOn ?? []) seatedOn.add(movement);
    return written?.last;
  };
  const result = (stands?: RecordedFact[]): RecordResult => ({
    seatedOn: [...seatedOn],
    ...(stands === undefined ? {} : { stands }),
  });

  if ((await write(batch)) === batch.after + batch.facts.length) return result();
  for (let time = 0; time < MERGES; time++) {
    const stands = await journalAfter(pool, batch.subject, batch.after);
    const all = stands && merged(stands, batch.facts);
    if (!all) throw await standstillOf(pool, batch);
    // projection and waits are the workflow's next word, when it has heard what stands
    if ((await write({ ...batch, facts: all, projection: { seq: 0 }, waits: [] })) === batch.after + all.length)
      return result(all);
  }
  throw new Error('The journal grew at each attempt to record');
}

/** @returns undefined where the journal has another fact at one of the sequence numbers, or a gap before the first */
async function tryToWrite(pool: Pool, batch: RecordBatch): Promise<{ seatedOn: string[]; last: number } | undefined> {
  try {
    const { rows } = await pool.query<{ result: { seatedOn: string[]; last: number } }>({
      name: 'record_facts',
      text: 'select record_facts($1::jsonb) as result',
      values: [JSON.stringify(written(batch))],
    });
    return rows[0]?.result;
  } catch (error) {
    if (error instanceof DatabaseError && error.code === JOURNAL_CONFLICT) return undefined;
    throw error;
  }
}

type JournalRow = {
  seq: number;
  chapter: string | null;
  type: string;
  at: Date;
  actor: string;
  actor_kind: Actor['kind'];
  role: Role | null;
  command_id: string | null;
  reason_code: string | null;
  note_id: string | null;
  data: Record<string, unknown>;
};

/** @returns what stands after a sequence number, in order; undefined where the journal does not reach so far */
async function journalAfter(pool: Pool, subject: string, after: number): Promise<RecordedFact[] | undefined> {
  const { rows } = await pool.query<JournalRow>(
    `select seq, chapter, type, at, actor, actor_kind, role, command_id, reason_code, note_id, data
       from journal where subject = $1 and seq >= $2 order by seq`,
    [subject, after],
  );
  if (after > 0 && rows.shift()?.seq !== after) return undefined;
  return rows.map((row) => ({
    seq: row.seq,
    type: row.type,
    at: row.at.getTime(),
    actor: { kind: row.actor_kind, id: row.actor, ...(row.role === null ? {} : { role: row.role }) } as Actor,
    ...(row.chapter === null ? {} : { chapter: row.chapter }),
    ...(row.command_id === null ? {} : { commandId: row.command_id }),
    ...(row.reason_code === null ? {} : { reasonCode: row.reason_code }),
    ...(row.note_id === null ? {} : { noteId: row.note_id }),
    data: row.data,
  }));
}

async function standstillOf(pool: Pool, batch: RecordBatch): Promise<ApplicationFailure> {
  await pool.query('insert into alarms (id, operation_id, subject, kind, detail) values ($1, $2, $3, $4, $5)', [
    newId('alarm'),
    batch.operationId,
    batch.subject,
    'journal_conflict',
    { after: batch.after, seq: batch.facts.map((fact) => fact.seq) },
  ]);
  return ApplicationFailure.nonRetryable(
    `The journal of ${batch.subject} does not go on from ${batch.after}`,
    JOURNAL_CONFLICT_FAILURE,
  );
}

/** The batch in the words of the database: instants as ISO 8601, with the events and services that follow from the facts. */
function written(batch: RecordBatch): object {
  const last = batch.facts.at(-1);
  return {
    ...batch,
    projection: { ...batch.projection, ...(last ? { at: iso(last.at) } : {}) },
    facts: batch.facts.map((fact) => ({
      ...fact,
      at: iso(fact.at),
      events: eventsOf(batch.subjectKind, batch.subject, fact),
      services: servicesOf(batch.subjectKind, batch.subject, fact),
    })),
    waits: batch.waits.map((wait) => ({
      ...wait,
      ...times(wait),
      then: WAIT_WORDS[wait.what].then,
      tasks: tasksOf(batch.subject, wait),
    })),
    rungs: (batch.rungs ?? []).map((rung) => ({ ...rung, dueReal: iso(rung.dueReal) })),
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
  const rungs: Rung[] = ['waiting', 'due', 'escalated'];
  const climbed: Rung = wait.rung === 'reminded' ? 'waiting' : wait.rung;
  return rungs.slice(0, rungs.indexOf(climbed) + 1).flatMap((rung) => {
    const role = taskAt(wait.whom, rung);
    if (role === undefined) return [];
    const openedAt =
      rung === 'waiting' ? wait.since : rung === 'due' ? (wait.due ?? wait.since) : (wait.escalateAt ?? wait.since);
    return [{ id: `${subject}.${wait.key}.${wait.since}.${rung}`, role, openedAt: iso(openedAt) }];
  });
}

function eventsOf(
  kind: SubjectKind,
  subject: string,
  fact: RecordedFact,
): Array<{ id: string; type: string; data: object }> {
  const rule =
    kind === 'journey'
      ? JOURNEY_EVENTS[fact.type as JourneyFactType]
      : kind === 'movement'
        ? MOVEMENT_EVENTS[fact.type]
        : OPERATION_EVENTS[fact.type];
  if (!rule) return [];
  const data = Object.fromEntries(rule.fields.map((field) => [field, fact.data[field]]));
  return [{ id: derivedId('event', subject, fact.seq, rule.type), type: rule.type, data }];
}

function servicesOf(
  kind: SubjectKind,
  subject: string,
  fact: RecordedFact,
): Array<{ id: string; sector: string; kind: string }> {
  const service = kind === 'journey' ? JOURNEY_SERVICES[fact.type as JourneyFactType] : undefined;
  if (!service) return [];
  // A follow-up at which nobody was reached was no service; nor is a check that has only been renewed a second reach.
  if (fact.type === 'followUpDone' && fact.data['reached'] !== true) return [];
  return [{ id: derivedId('service', subject, fact.seq), sector: service.sector, kind: service.kind }];
}
