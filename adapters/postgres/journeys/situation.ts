import { sql } from 'kysely';
import type { SituationReads } from '../../../application/journeys/reads.ts';
import { isRole } from '../../../domain/actor.ts';
import { STORED_WHOM } from '../../../domain/journeys/waits.ts';
import { STILL_TO_LEAVE } from '../../../domain/movements/state.ts';
import { anyOf, type Db, instant, moment } from '../database.ts';
import { displayNames } from './now.ts';

/** How many groups of waits are listed. */
const LONGEST = 20;

const count = sql<number>`count(*)::integer`;

export const situationOn = (db: Db): SituationReads => ({
  async input(operationId, now) {
    const overdue = sql<number>`(count(*) filter (where due <= ${moment(now)}))::integer`;
    const [statuses, completed, waits, tasks, next, late] = await Promise.all([
      db
        .selectFrom('statusCounts')
        .select(['status', sql<number>`sum(people)::integer`.as('people')])
        .where('operationId', '=', operationId)
        .groupBy('status')
        .execute(),
      db
        .selectFrom('journeys')
        .select(count.as('n'))
        .where('operationId', '=', operationId)
        .where('status', '=', 'closed')
        .where('ending', '=', 'completed')
        .executeTakeFirstOrThrow(),
      db
        .selectFrom('waits')
        .select(['whomKind', 'whom', 'what', count.as('waiting'), overdue.as('overdue')])
        .select((eb) => eb.fn.min('since').as('oldest'))
        .where('operationId', '=', operationId)
        .where('blocks', '=', true)
        .groupBy(['whomKind', 'whom', 'what'])
        .orderBy('overdue', 'desc')
        .orderBy('oldest')
        .limit(LONGEST)
        .execute(),
      db
        .selectFrom('tasks')
        .select(['role', 'kind', count.as('count')])
        .where('operationId', '=', operationId)
        .where('status', '=', 'open')
        .groupBy(['role', 'kind'])
        .orderBy('count', 'desc')
        .orderBy('role')
        .orderBy('kind')
        .execute(),
      db
        .selectFrom('movements as m')
        .select((eb) => [
          'm.reference',
          instant(eb, 'm.departsAt'),
          sql<number>`greatest(0, m.seat_capacity - m.seats_taken)`.as('emptySeats'),
          eb
            .selectFrom('journeys as j')
            .select(count.as('n'))
            .whereRef('j.operationId', '=', 'm.operationId')
            .where('j.status', '=', 'travel_ready')
            .whereRef('j.nextLeg', '=', 'm.leg')
            .$asScalar()
            .$notNull()
            .as('readyWithoutSeat'),
        ])
        .where('m.operationId', '=', operationId)
        .where('m.status', '=', anyOf(STILL_TO_LEAVE))
        .where('m.departsAt', '>', moment(now))
        .orderBy('m.departsAt')
        .orderBy('m.id')
        .limit(1)
        .executeTakeFirst(),
      db
        .selectFrom('lateness')
        .select([sql<number>`coalesce(max(seconds), 0)`.as('worst'), count.as('escalationSteps')])
        .where('operationId', '=', operationId)
        .executeTakeFirstOrThrow(),
    ]);
    return {
      now,
      byStatus: new Map(statuses.map(({ status, people }) => [status, people])),
      completed: completed.n,
      lateness: { worstSeconds: Math.max(0, late.worst), escalationSteps: late.escalationSteps },
      waits: waits.map(({ whomKind, whom, oldest, ...wait }) => ({
        ...wait,
        whom: STORED_WHOM.read({ kind: whomKind, id: whom }),
        oldestSince: oldest.getTime(),
      })),
      decisions: tasks.flatMap(({ role, ...task }) => (isRole(role) ? [{ role, ...task }] : [])),
      ...(next ? { nextMovement: next } : {}),
      names: await displayNames(
        db,
        waits.map(({ whom }) => whom),
      ),
    };
  },

  async waiting() {
    const rows = await db
      .selectFrom('waits as w')
      .innerJoin('journeys as j', 'j.id', 'w.subject')
      .leftJoin('partners as p', 'p.id', 'w.whom')
      .select((eb) => [
        'j.operationId',
        'j.status',
        eb.fn.coalesce('p.kind', 'w.whomKind').as('whomKind'),
        sql<number>`count(distinct j.id)::integer`.as('people'),
        eb.fn.min('w.since').as('oldest'),
      ])
      .where('w.blocks', '=', true)
      .groupBy(['j.operationId', 'j.status', 'p.kind', 'w.whomKind'])
      .execute();
    return rows.map(({ oldest, ...group }) => ({ ...group, oldestSince: oldest.getTime() }));
  },

  startsWaiting: () =>
    db
      .selectFrom('pendingStarts')
      .select([
        count.as('count'),
        sql<number>`coalesce(extract(epoch from now() - min(created_at)), 0)::float8`.as('oldestSeconds'),
      ])
      .where('startedAt', 'is', null)
      .executeTakeFirstOrThrow(),

  async answers() {
    try {
      await sql`select 1`.execute(db);
      return true;
    } catch {
      return false;
    }
  },
});
