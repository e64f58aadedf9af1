import type { JourneyFact } from '../../../domain/journey/facts.ts';
import { apply, emptyJourney, type JourneyState } from '../../../domain/journey/state.ts';
import type { Queryable } from '../database.ts';

/** What a journal row holds of a fact. */
type FactRow = { type: string; at: Date; actor: string; actor_kind: string; role: string | null; data: object };

/**
 * The journey's state as its journal tells it, folded by the same function that the workflow uses. It is as old as
 * the last committed fact: whoever was answered before finds their fact in it.
 */
export async function journeyState(db: Queryable, journeyId: string): Promise<JourneyState> {
  const { rows } = await db.query<FactRow>(
    'select type, at, actor, actor_kind, role, data from journal where subject = $1 order by seq',
    [journeyId],
  );
  return rows.reduce((state, row) => apply(state, factOf(row)), emptyJourney());
}

/** The command's facts, if it has made any already: then it is repeated, not judged again. */
export async function commandIsRecorded(db: Queryable, subject: string, commandId: string): Promise<boolean> {
  const { rowCount } = await db.query('select 1 from journal where subject = $1 and command_id = $2 limit 1', [
    subject,
    commandId,
  ]);
  return rowCount === 1;
}

function factOf(row: FactRow): JourneyFact {
  const actor =
    row.actor_kind === 'staff'
      ? { kind: row.actor_kind, id: row.actor, role: row.role }
      : { kind: row.actor_kind, id: row.actor };
  return { type: row.type, at: row.at.getTime(), actor, data: row.data } as JourneyFact;
}
