import { sql } from 'kysely';
import type { Households } from '../../../application/people/reads.ts';
import type { Db } from '../database.ts';

export const householdsOn = (db: Db): Households => ({
  async operationOf(id) {
    const row = await db.selectFrom('households').select('operationId').where('id', '=', id).executeTakeFirst();
    return row?.operationId;
  },

  async hasChildren(id) {
    const child = await db
      .selectFrom('journeys as j')
      .innerJoin('persons as p', 'p.id', 'j.personId')
      .select('j.id')
      .where('j.householdId', '=', id)
      .where('j.ending', 'is', null)
      .where('p.traveller', 'in', ['child', 'infant'])
      .limit(1)
      .executeTakeFirst();
    return child !== undefined;
  },

  async prepareSplit(id, journeyId) {
    await db
      .insertInto('households')
      .columns(['id', 'operationId', 'reference', 'site', 'priority', 'requestedAt', 'headNationality', 'splitFrom'])
      .expression((eb) =>
        eb
          .selectFrom('journeys as j')
          .innerJoin('households as h', 'h.id', 'j.householdId')
          .innerJoin('persons as p', 'p.id', 'j.personId')
          .select([
            sql<string>`${id}::text`.as('id'),
            'h.operationId',
            sql<string>`h.reference || '/' || right(${id}, 4)`.as('reference'),
            'h.site',
            'h.priority',
            'h.requestedAt',
            'p.nationality',
            'h.id as splitFrom',
          ])
          .where('j.id', '=', journeyId),
      )
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
  },

  async dropEmpty(id) {
    await db
      .deleteFrom('households as h')
      .where('h.id', '=', id)
      .where('h.splitFrom', 'is not', null)
      .where(({ not, exists, selectFrom }) =>
        not(exists(selectFrom('journeys').select('id').whereRef('householdId', '=', 'h.id'))),
      )
      .execute();
  },
});

/** Open journeys of a household, without this one, in ascending order. */
export async function othersOf(db: Db, householdId: string, journeyId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('journeys')
    .select('id')
    .where('householdId', '=', householdId)
    .where('id', '<>', journeyId)
    .where('ending', 'is', null)
    .orderBy('id')
    .execute();
  return rows.map(({ id }) => id);
}
