import { JOURNEY_EVENT_FORMS, type JourneyEvent } from '../../../domain/journeys/events.ts';
import { apply, emptyJourney, type JourneyState } from '../../../domain/journeys/state.ts';
import type { Queryable } from '../database.ts';
import { type ActorColumns, actorOf } from '../eventLog/eventLog.ts';

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
export async function commandIsRecorded(db: Queryable, subject: string, commandId: string): Promise<boolean> {
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
