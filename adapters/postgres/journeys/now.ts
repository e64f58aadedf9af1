import { sql } from 'kysely';
import type { NowReads, SituationReads } from '../../../application/journeys/reads.ts';
import { isRole } from '../../../domain/actor.ts';
import { JOURNEY_EVENT_FORMS } from '../../../domain/journeys/events.ts';
import { apply, emptyJourney, type JourneyState } from '../../../domain/journeys/state.ts';
import { type Ending, MISSING_ENDINGS } from '../../../domain/journeys/statuses.ts';
import { STORED_WHOM, type Wait } from '../../../domain/journeys/waits.ts';
import { STILL_TO_LEAVE } from '../../../domain/movements/state.ts';
import type { Scope } from '../../../domain/operations/events.ts';
import { anyOf, type Db, instant, moment } from '../database.ts';
import { readEvents } from '../eventLog.ts';

export const nowOn = (db: Db): NowReads => ({
  state: (journeyId) => journeyState(db, journeyId),

  async commandIsRecorded(subject, commandId) {
    const event = await db
      .selectFrom('eventLog')
      .select('seq')
      .where('subject', '=', subject)
      .where('commandId', '=', commandId)
      .limit(1)
      .executeTakeFirst();
    return event !== undefined;
  },

  waits: async (subject) => (await waitsOf(db, [subject])).get(subject) ?? [],

  async groupWaitsFor(journeyId) {
    const members = await db
      .selectFrom('journeys as j')
      .innerJoin('journeys as o', (join) =>
        join.onRef('o.householdId', '=', 'j.householdId').onRef('o.id', '<>', 'j.id'),
      )
      .select(['o.id', 'o.personId', 'o.relationship', 'o.status'])
      .where('j.id', '=', journeyId)
      .where((eb) =>
        eb.or([
          eb('j.status', '=', 'travel_ready'),
          eb.exists(
            eb
              .selectFrom('waits')
              .select('key')
              .whereRef('subject', '=', 'j.id')
              .where('what', 'in', ['householdMembers', 'seat']),
          ),
        ]),
      )
      .where('o.ending', 'is', null)
      .where('o.status', 'in', ['registered', 'screened', 'consented', 'verified'])
      .orderBy('o.id')
      .execute();
    const waits = await waitsOf(
      db,
      members.map(({ id }) => id),
    );
    return members.map(({ id, ...member }) => ({ ...member, waits: waits.get(id) ?? [] }));
  },

  async isSuspended(journeyId) {
    const suspension = await db
      .selectFrom('journeys as j')
      .innerJoin('persons as p', 'p.id', 'j.personId')
      .innerJoin('households as h', 'h.id', 'j.householdId')
      .innerJoin('suspensions as s', 's.operationId', 'j.operationId')
      .select('s.id')
      .where('j.id', '=', journeyId)
      .where('s.untilAt', 'is', null)
      .where((eb) => {
        const scope = (kind: Scope['scopeKind'], value: 'j.nextLeg' | 'h.site' | 'p.nationality') =>
          eb.and([eb('s.scopeKind', '=', kind), eb('s.scopeValue', '=', eb.ref(value))]);
        return eb.or([
          eb('s.scopeKind', '=', 'all'),
          scope('leg', 'j.nextLeg'),
          scope('site', 'h.site'),
          scope('nationality', 'p.nationality'),
        ]);
      })
      .limit(1)
      .executeTakeFirst();
    return suspension !== undefined;
  },

  names: (ids) => displayNames(db, ids),
});

/** See `NowReads.waits`; by subject. */
async function waitsOf(db: Db, subjects: readonly string[]): Promise<Map<string, Wait[]>> {
  const rows = await db
    .selectFrom('waits')
    .select(['subject', 'key', 'phase', 'whomKind', 'whom', 'what', 'blocks', 'escalationStep'])
    .select((eb) => [instant(eb, 'since'), instant(eb, 'remindAt'), instant(eb, 'due'), instant(eb, 'escalateAt')])
    .where('subject', '=', anyOf(subjects))
    .execute();
  const bySubject = new Map<string, Wait[]>();
  for (const { subject, phase, whomKind, whom, remindAt, due, escalateAt, ...wait } of rows) {
    const read = {
      ...wait,
      phase: phase ?? '',
      whom: STORED_WHOM.read({ kind: whomKind, id: whom }),
      safety: false,
      ...(remindAt === null ? {} : { remindAt }),
      ...(due === null ? {} : { due }),
      ...(escalateAt === null ? {} : { escalateAt }),
    };
    bySubject.set(subject, [...(bySubject.get(subject) ?? []), read]);
  }
  return bySubject;
}

/** See `NowReads.state`. */
export async function journeyState(db: Db, journeyId: string): Promise<JourneyState> {
  return (await readEvents(db, JOURNEY_EVENT_FORMS, journeyId)).reduce(apply, emptyJourney());
}

/** See `NowReads.names`. */
export async function displayNames(db: Db, ids: readonly string[]): Promise<Map<string, string>> {
  const some = anyOf([...new Set(ids)]);
  const rows = await db
    .selectFrom('partners')
    .select(['id', 'name'])
    .where('id', '=', some)
    .unionAll(db.selectFrom('movements').select(['id', 'reference as name']).where('id', '=', some))
    .execute();
  return new Map(rows.map(({ id, name }) => [id, name]));
}

/** How many groups of waits are listed. */
const LONGEST = 20;

const count = sql<number>`count(*)::integer`;

export const situationOn = (db: Db): SituationReads => ({
  async input(operationId, now) {
    const overdue = sql<number>`(count(*) filter (where due <= ${moment(now)}))::integer`;
    const [statuses, endings, waits, tasks, next, late] = await Promise.all([
      db
        .selectFrom('statusCounts')
        .select(['status', sql<number>`sum(people)::integer`.as('people')])
        .where('operationId', '=', operationId)
        .groupBy('status')
        .execute(),
      db
        .selectFrom('journeys')
        .select(['ending', count.as('n')])
        .where('operationId', '=', operationId)
        .where('ending', '=', anyOf<Ending>(['completed', 'deceased', ...MISSING_ENDINGS]))
        .groupBy('ending')
        .execute(),
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
    const ended = (...named: Ending[]): number =>
      endings.filter(({ ending }) => named.some((one) => one === ending)).reduce((sum, { n }) => sum + n, 0);
    return {
      now,
      byStatus: new Map(statuses.map(({ status, people }) => [status, people])),
      completed: ended('completed'),
      missing: ended(...MISSING_ENDINGS),
      deceased: ended('deceased'),
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
