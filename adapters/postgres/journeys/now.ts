import type { NowReads } from '../../../application/journeys/reads.ts';
import { JOURNEY_EVENT_FORMS } from '../../../domain/journeys/events.ts';
import { apply, emptyJourney, type JourneyState } from '../../../domain/journeys/state.ts';
import { STORED_WHOM } from '../../../domain/journeys/waits.ts';
import type { Scope } from '../../../domain/operations/events.ts';
import { anyOf, type Db, instant } from '../database.ts';
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

  async waits(subject) {
    const rows = await db
      .selectFrom('waits')
      .select(['key', 'phase', 'whomKind', 'whom', 'what', 'blocks', 'escalationStep'])
      .select((eb) => [instant(eb, 'since'), instant(eb, 'remindAt'), instant(eb, 'due'), instant(eb, 'escalateAt')])
      .where('subject', '=', subject)
      .execute();
    return rows.map(({ phase, whomKind, whom, remindAt, due, escalateAt, ...wait }) => ({
      ...wait,
      phase: phase ?? '',
      whom: STORED_WHOM.read({ kind: whomKind, id: whom }),
      safety: false,
      ...(remindAt === null ? {} : { remindAt }),
      ...(due === null ? {} : { due }),
      ...(escalateAt === null ? {} : { escalateAt }),
    }));
  },

  async groupWaitsFor(journeyId) {
    const rows = await db
      .selectFrom('journeys as j')
      .innerJoin('journeys as o', (join) =>
        join.onRef('o.householdId', '=', 'j.householdId').onRef('o.id', '<>', 'j.id'),
      )
      .select('o.status')
      .where('j.id', '=', journeyId)
      .where('j.status', '=', 'travel_ready')
      .where('o.ending', 'is', null)
      .where('o.status', 'in', ['registered', 'screened', 'consented', 'verified'])
      .orderBy('o.id')
      .execute();
    return rows.map(({ status }) => status);
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
