import type { Pool } from 'pg';
import { JOURNEY_EVENT_FORMS, type JourneyEvent } from '../../../domain/journeys/events.ts';
import { apply, emptyJourney, type JourneyState } from '../../../domain/journeys/state.ts';
import type { JourneyStatus } from '../../../domain/journeys/statuses.ts';
import type { Wait } from '../../../domain/journeys/waits.ts';
import type { Queryable } from '../database.ts';
import { type ActorColumns, actorOf } from '../eventLog/eventLog.ts';

type WaitRow = {
  key: string;
  phase: string | null;
  whom_kind: string;
  whom: string;
  what: string;
  blocks: boolean;
  since: Date;
  remind_at: Date | null;
  due: Date | null;
  escalate_at: Date | null;
  escalationStep: string;
};

/** The input of the sentence about a person: state, waits, household group, and suspensions. */
export function createNow(pool: Pool) {
  return {
    state: (journeyId: string): Promise<JourneyState> => journeyState(pool, journeyId),
    commandIsRecorded: (subject: string, commandId: string): Promise<boolean> =>
      commandIsRecorded(pool, subject, commandId),

    async waits(subject: string): Promise<Wait[]> {
      const { rows } = await pool.query<WaitRow>(
        'select key, phase, whom_kind, whom, what, blocks, since, remind_at, due, escalate_at, escalation_step as "escalationStep" from waits where subject = $1',
        [subject],
      );
      return rows.map(waitOf);
    },

    /** Statuses of the other members who still have to travel and are not ready. */
    async groupWaitsFor(journeyId: string): Promise<JourneyStatus[]> {
      const { rows } = await pool.query<{ status: JourneyStatus }>(
        `select o.status from journeys j join journeys o on o.household_id = j.household_id and o.id <> j.id
          where j.id = $1 and j.status = 'travel_ready' and o.ending is null and o.status in ('registered', 'screened', 'consented', 'verified')
          order by o.id`,
        [journeyId],
      );
      return rows.map((row) => row.status);
    },

    async isSuspended(journeyId: string): Promise<boolean> {
      const { rowCount } = await pool.query(
        `select 1 from journeys j join persons p on p.id = j.person_id join households h on h.id = j.household_id
           join suspensions s on s.operation_id = j.operation_id and s.until_at is null
          where j.id = $1 and (s.scope_kind = 'all' or s.scope_kind = 'leg' and s.scope_value = j.next_leg
             or s.scope_kind = 'site' and s.scope_value = h.site or s.scope_kind = 'nationality' and s.scope_value = p.nationality) limit 1`,
        [journeyId],
      );
      return rowCount === 1;
    },

    names: (ids: readonly string[]): Promise<Map<string, string>> => displayNames(pool, ids),
  };
}

export type NowReads = ReturnType<typeof createNow>;

/** Names of partners and references of movements, by id. */
export async function displayNames(db: Queryable, ids: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await db.query<{ id: string; name: string }>(
    'select id, name from partners where id = any($1) union all select id, reference from movements where id = any($1)',
    [[...new Set(ids)]],
  );
  return new Map(rows.map(({ id, name }) => [id, name]));
}

function waitOf(row: WaitRow): Wait {
  return {
    key: row.key,
    phase: row.phase ?? '',
    whom: { kind: row.whom_kind, id: row.whom } as Wait['whom'],
    what: row.what as Wait['what'],
    blocks: row.blocks,
    safety: false,
    since: row.since.getTime(),
    ...(row.remind_at ? { remindAt: row.remind_at.getTime() } : {}),
    ...(row.due ? { due: row.due.getTime() } : {}),
    ...(row.escalate_at ? { escalateAt: row.escalate_at.getTime() } : {}),
    escalationStep: row.escalationStep as Wait['escalationStep'],
  };
}

/** The columns of an event in the event log. */
type EventRow = ActorColumns & { type: string; at: Date; data: unknown; data_version: number };

/**
 * The journey's state from its event log, by the function that the workflow uses. It includes every committed event, so
 * a person who got an answer finds their event in it.
 */
export async function journeyState(db: Queryable, journeyId: string): Promise<JourneyState> {
  const { rows } = await db.query<EventRow>(
    'select type, at, actor, actor_kind, role, data, data_version from event_log where subject = $1 order by seq',
    [journeyId],
  );
  return rows.reduce((state, row) => apply(state, eventOf(row)), emptyJourney());
}

/** Whether the command has made events already: then it is repeated, not judged again. */
async function commandIsRecorded(db: Queryable, subject: string, commandId: string): Promise<boolean> {
  const { rowCount } = await db.query('select 1 from event_log where subject = $1 and command_id = $2 limit 1', [
    subject,
    commandId,
  ]);
  return rowCount === 1;
}

function eventOf(row: EventRow): JourneyEvent {
  return {
    ...JOURNEY_EVENT_FORMS.read(row.type, row.data_version, row.data),
    at: row.at.getTime(),
    actor: actorOf(row),
  };
}
