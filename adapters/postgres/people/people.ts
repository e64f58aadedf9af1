import { type RawBuilder, sql } from 'kysely';
import { SEVERAL, type SearchKey } from '../../../application/people/personalData.ts';
import type { Households, ListedPerson, People, PeopleFilter, SearchHit } from '../../../application/people/reads.ts';
import { STORED_WHOM } from '../../../domain/journeys/waits.ts';
import { iso } from '../../../domain/time.ts';
import { type Db, instant } from '../database.ts';
import type { Wait } from '../generated/kysely/tables.ts';
import { writeDocument } from '../journeys/history.ts';
import { disclosuresOf } from './personData.ts';

export function peopleOn(db: Db): People {
  const isOnHold = sql<boolean>`exists (select from holds o where o.journey_id = j.id and o.status in ('raising', 'active'))`;
  const everybody = db
    .selectFrom('journeys as j')
    .innerJoin('persons as p', 'p.id', 'j.personId')
    .innerJoin('households as h', 'h.id', 'j.householdId')
    .select([
      'j.personId',
      'j.id as journeyId',
      'j.householdId',
      'h.reference',
      'p.nationality',
      'p.sex',
      'p.traveller',
    ])
    .select((eb) => ['j.status', instant(eb, 'j.statusSince'), 'j.ending', 'j.movementId']);
  const journeys = everybody
    .leftJoin('movements as m', 'm.id', 'j.movementId')
    .select(['j.operationId', 'j.relationship', 'j.isHead', 'j.protection', 'j.seq', 'j.phase', 'j.householdOpen'])
    .select(['j.consent', 'j.consentSharing', 'j.nationalityStatus', 'j.document', 'j.exitPermit', 'j.fitness'])
    .select(['j.fitnessConditions', 'j.travel', 'j.nextLeg', 'm.reference as movementReference', 'j.route'])
    .select((eb) => [
      instant(eb, 'j.registeredAt'),
      instant(eb, 'j.endedAt'),
      instant(eb, 'j.documentValidUntil'),
      instant(eb, 'j.fitnessUntil'),
      instant(eb, 'j.arrivedAt'),
      sql<number>`(select count(*)::integer from holds where journey_id = j.id and status in ('raising', 'active'))`.as(
        'openHolds',
      ),
    ]);

  /** Each person with the first of their waits: those that block come first, then the earliest deadline. */
  function listed(filter: PeopleFilter) {
    let people = everybody
      .leftJoinLateral(
        (eb) =>
          eb
            .selectFrom('waits as w')
            .select([
              sql<number>`(count(*) - 1)::integer`.as('more'),
              sql<Pick<Wait, 'whomKind' | 'whom' | 'what'> & { since: number; due: number | null }>`
                (array_agg(jsonb_build_object('whomKind', w.whom_kind, 'whom', w.whom, 'what', w.what,
                   'since', extract(epoch from w.since) * 1000, 'due', extract(epoch from w.due) * 1000)
                   order by w.blocks desc, w.due nulls last, w.since, w.key))[1]`.as('first'),
            ])
            .whereRef('w.subject', '=', 'j.id')
            .having(sql<boolean>`count(*) > 0`)
            .as('w'),
        (join) => join.onTrue(),
      )
      .select((eb) => [instant(eb, 'j.updatedAt'), isOnHold.as('onHold'), 'w.first', 'w.more']);
    const { status, ending, nationality, household, movement, waitingFor, onHold } = filter;
    if (status !== undefined) people = people.where('j.status', '=', status);
    if (ending !== undefined) people = people.where('j.ending', '=', ending);
    if (nationality !== undefined) people = people.where('p.nationality', '=', nationality);
    if (household !== undefined) people = people.where('j.householdId', '=', household);
    if (movement !== undefined) people = people.where('j.movementId', '=', movement);
    if (waitingFor !== undefined)
      people = people.where(({ exists, selectFrom }) =>
        exists(
          selectFrom('waits as x').select('x.key').whereRef('x.subject', '=', 'j.id').where('x.whom', '=', waitingFor),
        ),
      );
    if (onHold !== undefined) people = people.where(isOnHold, '=', onHold);
    return people;
  }

  return {
    placesOf: (personId) =>
      db
        .selectFrom('journeys')
        .select(['operationId', 'id as journeyId'])
        .where('personId', '=', personId)
        .orderBy((eb) => eb('ending', 'is', null), 'desc')
        .orderBy('registeredAt', 'desc')
        .orderBy('id', 'desc')
        .execute(),

    journey: (journeyId) => journeys.where('j.id', '=', journeyId).executeTakeFirst(),

    async household(householdId) {
      const household = await db
        .selectFrom('households')
        .select((eb) => ['id', 'reference', 'site', 'priority', instant(eb, 'requestedAt')])
        .where('id', '=', householdId)
        .executeTakeFirst();
      if (!household) return undefined;
      const members = journeys.where('j.householdId', '=', householdId).orderBy('j.isHead', 'desc').orderBy('j.id');
      return { ...household, members: await members.execute() };
    },

    async list(operationId, filter, limit, after) {
      let people = listed(filter).where('j.operationId', '=', operationId);
      if (after !== undefined) people = people.where('j.id', '>', after);
      const rows = await people
        .orderBy('j.id')
        .limit(limit + 1)
        .execute();
      return rows.map(({ first, more, ...person }): ListedPerson => {
        if (first === null) return { ...person, waiting: null, more: 0 };
        const { whomKind, whom, ...wait } = first;
        return {
          ...person,
          waiting: { ...wait, whom: STORED_WHOM.read({ kind: whomKind, id: whom }) },
          more: more ?? 0,
        };
      });
    },

    async search(keys, operations, limit) {
      return keys.length === 0 ? [] : (await searchStatement(keys, operations, limit).execute(db)).rows;
    },

    disclosures: (personId, limit, after) => disclosuresOf(db, personId, limit, after),

    holdDocument: (document) => writeDocument(db, { ...document, status: 'held' }),

    async dropDocument(id) {
      await db.deleteFrom('documents').where('id', '=', id).where('status', '=', 'held').execute();
    },

    async recordService({ sector, at, ...service }) {
      await db
        .insertInto('services')
        .values({ ...service, subject: service.id, sectorCode: sector, seq: 1, at: iso(at) })
        .onConflict((conflict) => conflict.column('id').doNothing())
        .execute();
    },
  };
}

/**
 * Finds keys by the index alone, and then journeys one by one. `limit` in the lateral join stops the planner from
 * reading all journeys, because it cannot know how many people are found. People with more of the tokens come first,
 * then those with more equal spellings: among 200,000 people thousands share the spelling of one token.
 */
export function searchStatement(
  keys: readonly SearchKey[],
  operations: 'all' | readonly string[],
  limit: number,
): RawBuilder<SearchHit> {
  const [kinds, hashes, seen] = [
    keys.map(({ kind }) => kind),
    keys.map(({ key }) => key),
    keys.map((k) => k.seen ?? null),
  ];
  const among = operations === 'all' ? null : operations;
  return sql<SearchHit>`
    with found as (
      select s.person_id, bool_or(s.kind <> 'name') as exact,
             array[count(*), count(*) filter (where s.seen in (k.seen, ${sql.lit(SEVERAL)}))] as hits
        from unnest(${kinds}::text[], ${hashes}::text[], ${seen}::int[]) as k (kind, key, seen)
        join person_search s on s.kind = k.kind and s.key = k.key
       group by s.person_id),
    best as (
      select f.*, j.* from found f
       cross join lateral (
         select id, operation_id, household_id, status from journeys
          where person_id = f.person_id and (${among}::text[] is null or operation_id = any(${among}::text[]))
          order by (ending is null) desc, registered_at desc, id desc limit 1) j
       order by f.exact desc, f.hits desc, j.id desc limit ${limit})
    select b.person_id, b.operation_id, b.id as journey_id, h.reference, b.status, b.exact
      from best b join households h on h.id = b.household_id
     order by b.exact desc, b.hits desc, b.id desc`;
}

export const householdsOn = (db: Db): Households => ({
  async operationOf(id) {
    const row = await db.selectFrom('households').select('operationId').where('id', '=', id).executeTakeFirst();
    return row?.operationId;
  },

  hasChildren: (id) => hasChildren(db, id),

  async isHeld(id) {
    const hold = await db
      .selectFrom('holds as h')
      .innerJoin('journeys as j', 'j.id', 'h.journeyId')
      .select('h.id')
      .where('j.householdId', '=', id)
      .where('j.ending', 'is', null)
      .where('h.status', 'in', ['raising', 'active'])
      .limit(1)
      .executeTakeFirst();
    return hold !== undefined;
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

/** Whether a child is in this household, or was when its journey ended. */
export async function hasChildren(db: Db, householdId: string): Promise<boolean> {
  const child = await db
    .selectFrom('journeys as j')
    .innerJoin('persons as p', 'p.id', 'j.personId')
    .select('j.id')
    .where('j.householdId', '=', householdId)
    .where('p.traveller', 'in', ['child', 'infant'])
    .limit(1)
    .executeTakeFirst();
  return child !== undefined;
}

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
