import type { Queryable } from '../database.ts';

/** Open journeys of a household, without this one, in ascending order. */
export async function othersOf(db: Queryable, householdId: string, journeyId: string): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    'select id from journeys where household_id = $1 and id <> $2 and ending is null order by id',
    [householdId, journeyId],
  );
  return rows.map(({ id }) => id);
}
