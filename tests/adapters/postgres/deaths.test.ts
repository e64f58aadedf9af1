import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { MovementActivities } from '../../../activities/subjects.ts';
import { raiseAlarm } from '../../../adapters/postgres/alarms.ts';
import { databaseOn } from '../../../adapters/postgres/database.ts';
import { seatNotificationsOn, seatsOn } from '../../../adapters/postgres/movements/seats.ts';
import { notifyJourneys } from '../../../application/movements/notifyJourneys.ts';
import { emptyJourney, projectionOf } from '../../../domain/journeys/state.ts';
import { defaultRules } from '../../../domain/rules.ts';
import type { MovementUpdate } from '../../../workflows/messages.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { recordEvents } from '../../support/recording.ts';
import {
  type Household,
  NOW,
  newHousehold,
  newMovement,
  newOperation,
  OFFICER,
  RULES,
  seatActivities,
  statuses,
} from './seatFixtures.ts';

let db: TestDatabase;
let op: string;
let movement: string;
let family: Household;
let seats: MovementActivities;
let told: Map<string, string[]>;

beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

beforeEach(async () => {
  told = new Map();
  seats = seatActivities(db.pool);
  op = await newOperation(db.pool);
  movement = await newMovement(db.pool, op);
  family = await newHousehold(db.pool, op, 3);
  await seats.allocateSeats(claim());
  await seats.lockManifest({ ...claim(), version: 1 });
});

/** The journey of the second member is over in these tests. */
const movementUpdated = async (journeyId: string, updates: MovementUpdate[]): Promise<'closed' | 'delivered'> => {
  told.set(journeyId, [...(told.get(journeyId) ?? []), ...updates.map(({ update }) => update.kind)]);
  return journeyId === family.journeys[1] && told.get(journeyId)?.includes('arrived') ? 'closed' : 'delivered';
};

const claim = () => ({ movementId: movement, at: NOW, actor: OFFICER, rules: RULES });
const board = () =>
  seats.applyScans({
    ...claim(),
    departed: false,
    mustLeave: [],
    scans: family.journeys.map((journeyId) => ({
      scanId: `scan-${journeyId}`,
      journeyId,
      kind: 'board' as const,
      at: NOW,
    })),
  });
const notify = () => {
  const database = databaseOn(db.pool);
  return notifyJourneys(
    {
      ...seatNotificationsOn(database),
      raiseAlarm: (alarm, occasion) => raiseAlarm(database, alarm, occasion),
      movementUpdated,
    },
    () => undefined,
  )({ movementId: movement });
};
const arrive = () => seats.arriveSeats({ ...claim(), stop: 'SAN', last: true, otherStops: [] });

/** What the journey of the second member records when their death is recorded. */
const die = (seq = 1) => {
  const state = { ...emptyJourney(), ending: 'deceased' as const, endedAt: NOW, seq };
  return recordEvents(db.pool, {
    subject: family.journeys[1] ?? '',
    subjectKind: 'journey',
    operationId: op,
    after: seq - 1,
    events: [{ seq, type: 'deathRecorded', at: NOW, actor: OFFICER, phase: 'close', data: { movementId: movement } }],
    projection: { ...projectionOf(state, defaultRules('evacuation')), seq },
    waits: [],
  });
};

describe('a death on board', () => {
  it('is no arrival: the dead leave the count of the living, and nobody is told that they arrived', async () => {
    await board();
    await seats.departSeats({ ...claim(), already: false });
    await notify();
    await die();
    expect(await arrive()).toEqual({ alighted: 2 });
    expect(await statuses(db.pool, movement, family)).toEqual(['arrived', 'died', 'arrived']);
    await notify();
    expect(told.get(family.journeys[0] ?? '')).toContain('arrived');
    expect(told.get(family.journeys[1] ?? '')).not.toContain('arrived');
    expect((await db.pool.query(`select kind from alarms where operation_id = $1`, [op])).rows).toEqual([]);
  });

  it('keeps the count of the manifest even: booked are those who boarded', async () => {
    await board();
    await die();
    expect(await seats.departSeats({ ...claim(), already: false })).toMatchObject({ outcome: 'departed', aboard: 2 });
    await arrive();
    expect(await seats.reconcileSeats({ movementId: movement })).toMatchObject({
      booked: 3,
      boarded: 3,
      unaccounted: 0,
    });
  });

  it('is not undone by a transaction that read the seat before it', async () => {
    await board();
    await seats.departSeats({ ...claim(), already: false });
    const { inMovement } = seatsOn(databaseOn(db.pool));
    await inMovement(movement, async (open) => {
      const before = (await open.find({ journeys: [family.journeys[1] ?? ''] }))[0];
      await die();
      await open.change([{ seatId: before?.id ?? '', status: 'arrived', at: NOW }], OFFICER);
    });
    expect(await statuses(db.pool, movement, family)).toEqual(['departed', 'died', 'departed']);
    expect(await board()).toMatchObject({ refused: 1 });
  });

  it('sends nothing to partners, and opens one task for the protection lead', async () => {
    await board();
    await die();
    await die();
    const outbox = await db.pool.query(`select type from outbox where subject = $1`, [family.journeys[1]]);
    expect(outbox.rows).toEqual([]);
    const tasks = await db.pool.query(`select kind, role, status from tasks where subject = $1`, [family.journeys[1]]);
    expect(tasks.rows).toEqual([{ kind: 'deathFollowUp', role: 'protection_lead', status: 'open' }]);
  });
});

describe('a death before boarding', () => {
  it('names the seat that is in the way of the household', async () => {
    expect(await die()).toMatchObject({ seatedOn: [movement] });
    expect((await statuses(db.pool, movement, family))[1]).toBe('reserved');
  });
});
