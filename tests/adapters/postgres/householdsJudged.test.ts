import type { Pool } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databaseOn } from '../../../adapters/postgres/database.ts';
import { raisedIn } from '../../../adapters/postgres/households/judge.ts';
import { newId } from '../../../application/ids.ts';
import { SYSTEM } from '../../../domain/actor.ts';
import type { JourneyEvent } from '../../../domain/journeys/events.ts';
import { apply, emptyJourney, projectionOf } from '../../../domain/journeys/state.ts';
import type { RecordBatch } from '../../../domain/record.ts';
import { defaultRules } from '../../../domain/rules.ts';
import { testDatabase } from '../../support/database.ts';
import { recordEvents } from '../../support/recording.ts';

let database: Awaited<ReturnType<typeof testDatabase>>;
let pool: Pool;
let operation: string;
let household: string;
const AT = Date.UTC(2026, 0, 5);

beforeAll(async () => {
  database = await testDatabase();
  pool = database.pool;
});
afterAll(async () => {
  await database?.drop();
});
beforeEach(async () => {
  operation = newId('operation');
  household = newId('household');
  await pool.query(
    `insert into operations (id, kind, name, country, created_by, starts_at) values ($1, 'evacuation', 'test', 'VUT', 'test', now())`,
    [operation],
  );
  await newHousehold(household);
});

const newHousehold = (id: string) =>
  pool.query(`insert into households (id, operation_id, reference, requested_at) values ($1, $2, $1, now())`, [
    id,
    operation,
  ]);

type Somebody = { traveller: 'adult' | 'child' | 'infant'; relationship: string; protection?: string[] };
const MOTHER: Somebody = { traveller: 'adult', relationship: 'HEAD' };
const FATHER: Somebody = { traveller: 'adult', relationship: 'SPOUSE' };
const CHILD: Somebody = { traveller: 'child', relationship: 'CHILD' };

/** A registered person whose journey has begun. */
async function registered({ traveller, relationship, protection = [] }: Somebody): Promise<string> {
  const [person, journey] = [newId('person'), newId('journey')];
  await pool.query(`insert into persons (id, nationality, sex, traveller) values ($1, 'VUT', 'F', $2)`, [
    person,
    traveller,
  ]);
  await pool.query(
    `insert into journeys (id, person_id, operation_id, household_id, relationship, protection, registered_at, status_since)
     values ($1, $2, $3, $4, $5, $6, now(), now())`,
    [journey, person, operation, household, relationship, protection],
  );
  const data = { consent: 'given', holds: [], child: traveller !== 'adult', route: ['evacuation'], routeDecided: true };
  await record(journey, 'journeyStarted', data);
  return journey;
}

/** Records the next event of a journey as its workflow does. */
async function record(journey: string, type: string, data: object = {}) {
  const { rows } = await pool.query('select seq, type, data from event_log where subject = $1 order by seq', [journey]);
  const events = [...rows, { seq: rows.length + 1, type, data }].map((event) => ({ ...event, at: AT, actor: SYSTEM }));
  const state = events.reduce((before, event) => apply(before, event as JourneyEvent), emptyJourney());
  const batch: RecordBatch = {
    subject: journey,
    subjectKind: 'journey',
    operationId: operation,
    after: rows.length,
    events: events.slice(-1),
    projection: { ...projectionOf(state, defaultRules('evacuation')), seq: state.seq },
    waits: [],
  };
  return recordEvents(pool, batch);
}

const holds = async (journey: string): Promise<string[]> => {
  const { rows } = await pool.query(
    `select type from holds where journey_id = $1 and status in ('raising', 'active')
      order by type`,
    [journey],
  );
  return rows.map(({ type }) => type);
};

describe('a household is judged with the event that changes it', () => {
  it.each([
    ['the mother withdraws', 'journeyEnded', { ending: 'withdrawn' }],
    ['the mother dies', 'journeyEnded', { ending: 'deceased' }],
    ['the mother is rejected', 'journeyEnded', { ending: 'ineligible' }],
    ['the mother withdraws on board and will leave at the next stop', 'consentWithdrawn', { version: 2 }],
  ])('%s: the children of 7 and 11 are held at once, for protection', async (_name, type, data) => {
    const mother = await registered(MOTHER);
    const [daughter, son] = [await registered(CHILD), await registered(CHILD)];
    const { held } = await record(mother, type, data);
    expect(held).toEqual([household]);
    expect(await holds(daughter)).toEqual(['UASC']);
    expect(await holds(son)).toEqual(['UASC']);
    expect((await raisedIn(databaseOn(pool), household)).map(({ journeyId }) => journeyId).toSorted()).toEqual(
      [daughter, son].toSorted(),
    );
  });

  it('the mother leaves and the father goes on with the child: nobody is held', async () => {
    const [mother, father, child] = [await registered(MOTHER), await registered(FATHER), await registered(CHILD)];
    expect((await record(mother, 'journeyEnded', { ending: 'withdrawn' })).held).toBeUndefined();
    expect(await holds(father)).toEqual([]);
    expect(await holds(child)).toEqual([]);
  });

  it('the mother leaves a child whose row was judged beside a rejected adult: that adult counts for nothing', async () => {
    const [mother, child] = [await registered(MOTHER), await registered(CHILD)];
    await pool.query('update households set not_registered = 1 where id = $1', [household]);
    await record(mother, 'journeyEnded', { ending: 'deceased' });
    expect(await holds(child)).toEqual(['DATA_DISPUTE', 'UASC']);
  });

  it('a child is parted from her mother: both households are judged', async () => {
    const [mother, child] = [await registered(MOTHER), await registered(CHILD)];
    const apart = newId('household');
    await newHousehold(apart);
    expect((await record(child, 'splitOff', { householdId: apart })).held).toEqual([apart]);
    expect(await holds(child)).toEqual(['UASC']);
    expect(await holds(mother)).toEqual([]);
  });

  it('both parents leave in the same moment: the last of them leaves the child held, one hold of each kind', async () => {
    for (let round = 0; round < 20; round++) {
      const [mother, father, child] = [await registered(MOTHER), await registered(FATHER), await registered(CHILD)];
      await Promise.all([mother, father].map((one) => record(one, 'journeyEnded', { ending: 'withdrawn' })));
      expect(await holds(child)).toEqual(['UASC']);
      await record(child, 'journeyEnded', { ending: 'referred_out' });
    }
  });

  it('somebody taken for an adult is a child: the brother beside them is held with them', async () => {
    const sister = await registered({ traveller: 'adult', relationship: 'HEAD' });
    const brother = await registered({ traveller: 'child', relationship: 'SIBLING' });
    expect((await record(sister, 'ageJudged', { age: 'child' })).held).toEqual([household]);
    expect(await holds(sister)).toEqual(['BEST_INTERESTS', 'UASC']);
    expect(await holds(brother)).toEqual(['UASC']);
  });

  it('an aunt whose birth date nobody knows is an adult once a person says so', async () => {
    const [mother, aunt, child] = [
      await registered(MOTHER),
      await registered({ traveller: 'child', relationship: 'SIBLING' }),
      await registered(CHILD),
    ];
    await record(aunt, 'ageJudged', { age: 'adult' });
    await record(mother, 'journeyEnded', { ending: 'deceased' });
    expect(await holds(child)).toEqual([]);
  });

  it('the same event recorded twice raises no second hold, and still says that somebody is to be told', async () => {
    const [mother, child] = [await registered(MOTHER), await registered(CHILD)];
    await record(mother, 'journeyEnded', { ending: 'withdrawn' });
    expect((await record(mother, 'consentWithdrawn', { version: 2 })).held).toEqual([household]);
    expect(await holds(child)).toEqual(['UASC']);
  });

  it('what protection has released is raised again only when the household is another one', async () => {
    const [mother, brother, child] = [await registered(MOTHER), await registered(CHILD), await registered(CHILD)];
    await record(mother, 'journeyEnded', { ending: 'withdrawn' });
    await pool.query(`update holds set status = 'released' where journey_id in ($1, $2)`, [brother, child]);
    await record(mother, 'consentWithdrawn', { version: 2 });
    expect(await holds(child)).toEqual([]);
    await record(brother, 'journeyEnded', { ending: 'self_departed' });
    expect(await holds(child)).toEqual(['UASC']);
  });
});
