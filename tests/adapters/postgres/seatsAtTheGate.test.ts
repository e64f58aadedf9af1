import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { MovementActivities } from '../../../activities/subjects.ts';
import { databaseOn } from '../../../adapters/postgres/database.ts';
import { seatNotificationsOn } from '../../../adapters/postgres/movements/seats.ts';
import type { Scan } from '../../../domain/movements/events.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import {
  type Household,
  NOW,
  newHousehold,
  newMovement,
  newOperation,
  OFFICER,
  RULES,
  raiseHold,
  refusalsOf,
  seatActivities,
  statuses,
} from './seatFixtures.ts';

let db: TestDatabase;
let seats: MovementActivities;
let op: string;
let movement: string;
let family: Household;
let single: Household;

beforeAll(async () => {
  db = await testDatabase();
  seats = seatActivities(db.pool);
});
afterAll(() => db.drop());

const claim = () => ({ movementId: movement, at: NOW, actor: OFFICER, rules: RULES });
let serial = 0;
const scan = (kind: Scan['kind'], journeyId: string | undefined, at = NOW): Scan => ({
  scanId: `scan-${++serial}`,
  journeyId: journeyId ?? '',
  kind,
  at,
});
const apply = (scans: Scan[], over: { departed?: boolean; mustLeave?: string[] } = {}) =>
  seats.applyScans({ ...claim(), scans, departed: false, mustLeave: [], ...over });
const depart = (already = false) => seats.departSeats({ ...claim(), already });
const everybody = (kind: Scan['kind']): Scan[] =>
  [...family.journeys, ...single.journeys].map((journey) => scan(kind, journey));
const lock = (version = 1) => seats.lockManifest({ ...claim(), version });
const refusedScans = async (): Promise<string[]> => {
  const { rows } = await db.pool.query<{ code: string }>(
    'select code from refused_scans where movement_id = $1 order by scan_id',
    [movement],
  );
  return rows.map((row) => row.code);
};

beforeEach(async () => {
  op = await newOperation(db.pool);
  movement = await newMovement(db.pool, op);
  family = await newHousehold(db.pool, op, 3);
  single = await newHousehold(db.pool, op, 1);
  await seats.allocateSeats(claim());
});

describe('the manifest', () => {
  it('is locked with everybody who passes; the household of one who does not leaves as a whole', async () => {
    await raiseHold(db.pool, op, family.journeys[1] ?? '');
    expect(await lock()).toEqual({ outcome: 'locked', version: 1, people: 1, released: [family.id] });
    expect(await lock()).toEqual({ outcome: 'locked', version: 1, people: 1, released: [family.id] });
    expect(await statuses(db.pool, movement, family)).toEqual(['released', 'released', 'released']);
    expect(await refusalsOf(db.pool, movement)).toEqual(new Map([[family.id, ['not_travelling']]]));
  });

  it('is not locked while more people have seats than the vehicle holds, nor with nobody on it', async () => {
    await seats.changeVehicle({
      movementId: movement,
      capacity: { seats: 2, infantLaps: 0, stretchers: 0, wheelchairs: 0 },
    });
    expect(await lock()).toEqual({ outcome: 'over_capacity' });
    await seats.releaseAll({ ...claim(), reasonCode: 'test' });
    expect(await lock()).toEqual({ outcome: 'nobody', released: [] });
  });

  it('is not locked for anybody on a movement that is not cleared', async () => {
    await db.pool.query(`update movements set status = 'contracted' where id = $1`, [movement]);
    expect(await lock()).toMatchObject({ outcome: 'nobody', released: [family.id, single.id].sort() });
  });

  it('goes on under the next version when a household leaves after the lock, and twice is once', async () => {
    await lock();
    const release = () =>
      seats.releaseHousehold({
        ...claim(),
        householdId: family.id,
        reasonCode: 'not_travelling',
        amend: { version: 2, rulesVersion: 1 },
      });
    expect(await release()).toEqual({ people: 3, aboard: 0, amended: { version: 2, people: 1 } });
    expect(await release()).toEqual({ people: 3, aboard: 0, amended: { version: 2, people: 1 } });
    const { rows } = await db.pool.query(
      'select version, status from manifests where movement_id = $1 order by version',
      [movement],
    );
    expect(rows).toEqual([
      { version: 1, status: 'void' },
      { version: 2, status: 'locked' },
    ]);
    await expect(db.owner.query('delete from manifest_entries where movement_id = $1', [movement])).rejects.toThrow(
      /never changed/,
    );
  });
});

describe('the gate', () => {
  beforeEach(async () => {
    await lock();
  });

  it('boards everybody who meets the preconditions; repeated scans change nothing, late scans move nobody back', async () => {
    const came = everybody('check_in');
    expect(await apply([...came, ...came])).toMatchObject({ checkedIn: 4, boarded: 0, refused: 0 });
    expect(await apply(everybody('board'))).toMatchObject({ checkedIn: 0, boarded: 4, refused: 0 });
    expect(await apply(came)).toMatchObject({ checkedIn: 0, boarded: 4, refused: 0 });
  });

  it('a scan of somebody without a seat boards nobody and is listed', async () => {
    const stranger = await newHousehold(db.pool, op, 1);
    expect(await apply([scan('board', stranger.journeys[0]), scan('board', 'jrn_unknown')])).toMatchObject({
      boarded: 0,
      refused: 2,
    });
    expect(await refusedScans()).toEqual(['no_seat', 'no_seat']);
  });

  it('denies a person who no longer meets the preconditions, and holds the household back until a person decides', async () => {
    await raiseHold(db.pool, op, family.journeys[0] ?? '');
    expect(await apply(everybody('board'))).toMatchObject({ boarded: 1, denied: 1, refused: 3 });
    expect(await statuses(db.pool, movement, family)).toEqual(['denied', 'reserved', 'reserved']);
    expect((await refusedScans()).toSorted()).toEqual(['household', 'household', 'preconditions']);
  });

  it('a household of which one does not come is not boarded, and not left half on board', async () => {
    await apply([
      scan('board', family.journeys[0]),
      scan('no_show', family.journeys[1], NOW + 1),
      scan('board', family.journeys[2], NOW + 2),
    ]);
    await apply([scan('board', single.journeys[0])]);
    expect(await statuses(db.pool, movement, family)).toEqual(['boarded', 'no_show', 'reserved']);
    expect(await depart()).toEqual({
      outcome: 'refused',
      reason: '1 person with a seat is neither on board nor accounted for',
    });
    await apply([scan('deny', family.journeys[2])]);
    expect(await depart()).toEqual({
      outcome: 'refused',
      reason: '1 household is divided: offload it, or let a person decide',
    });
    await apply([scan('offload', family.journeys[0])]);
    expect(await depart()).toEqual({ outcome: 'departed', aboard: 1, unaccounted: 0 });
  });

  it('a split that a person decided lets the rest of the household go', async () => {
    await apply([scan('no_show', family.journeys[1])]);
    expect(await apply([scan('board', family.journeys[0])])).toMatchObject({ boarded: 0, refused: 1 });
    const apart = await newHousehold(db.pool, op, 0);
    await db.pool.query('update journeys set household_id = $2 where id = $1', [family.journeys[1], apart.id]);
    await apply([
      scan('board', family.journeys[0]),
      scan('board', family.journeys[2]),
      scan('board', single.journeys[0]),
    ]);
    expect(await depart()).toEqual({ outcome: 'departed', aboard: 3, unaccounted: 0 });
  });

  it('nobody leaves with a person who may not travel any more', async () => {
    await apply(everybody('board'));
    await raiseHold(db.pool, op, single.journeys[0] ?? '');
    expect(await depart()).toEqual({
      outcome: 'refused',
      reason: '1 person on board may not travel and must be offloaded',
    });
    expect(await apply([scan('offload', single.journeys[0])], { mustLeave: [single.id] })).toMatchObject({
      offloaded: 1,
      offBoard: [single.id],
    });
    expect(await depart()).toMatchObject({ outcome: 'departed', aboard: 3 });
  });

  it('if it has left with them all the same, people are escalationStep, once', async () => {
    await apply([scan('board', family.journeys[0]), scan('board', single.journeys[0])]);
    await raiseHold(db.pool, op, single.journeys[0] ?? '');
    expect(await depart(true)).toEqual({ outcome: 'departed', aboard: 2, unaccounted: 2 });
    await depart(true);
    const { rows } = await db.pool.query(`select kind from alarms where subject = $1`, [movement]);
    expect(rows).toEqual([{ kind: 'departed_against_preconditions' }]);
  });

  it('applies four hundred scans at once', async () => {
    const big = await newMovement(db.pool, op, { seats: 400 });
    const people: string[] = [];
    for (let i = 0; i < 80; i++) people.push(...(await newHousehold(db.pool, op, 5)).journeys);
    movement = big;
    await seats.allocateSeats(claim());
    await lock();
    expect(await apply(people.flatMap((journey) => [scan('check_in', journey), scan('board', journey)]))).toMatchObject(
      { boarded: 400, refused: 0 },
    );
  });
});

describe('the end of a movement', () => {
  beforeEach(async () => {
    await lock();
  });

  it('comes out even when everybody is accounted for', async () => {
    await apply([...family.journeys.map((j) => scan('board', j)), scan('no_show', single.journeys[0])]);
    await depart();
    expect(await seats.arriveSeats({ ...claim(), stop: 'SAN', last: true, otherStops: [] })).toEqual({
      alighted: 3,
    });
    expect(await seats.reconcileSeats({ movementId: movement })).toEqual({
      booked: 4,
      boarded: 3,
      noShow: 1,
      denied: 0,
      offloaded: 0,
      unaccounted: 0,
    });
  });

  it('shows who is not accounted for, until a scan accounts for them', async () => {
    await apply(family.journeys.map((j) => scan('board', j)));
    await depart(true);
    expect(await seats.reconcileSeats({ movementId: movement })).toMatchObject({
      booked: 4,
      boarded: 3,
      unaccounted: 1,
    });
    await apply([scan('board', single.journeys[0])], { departed: true });
    expect(await statuses(db.pool, movement, single)).toEqual(['departed']);
    expect(await seats.reconcileSeats({ movementId: movement })).toMatchObject({
      booked: 4,
      boarded: 4,
      unaccounted: 0,
    });
  });

  it('somebody on board who is on no manifest shows as a difference', async () => {
    await apply(everybody('board'));
    const stowaway = await newHousehold(db.pool, op, 1);
    await db.pool.query(
      `insert into seats (id, movement_id, household_id, journey_id, person_id, kind, status, reserved_at) values ($1, $2, $3, $4, $5, 'seat', 'boarded', now())`,
      [`seat_${movement}`, movement, stowaway.id, stowaway.journeys[0], stowaway.persons[0]],
    );
    expect(await seats.reconcileSeats({ movementId: movement })).toMatchObject({
      booked: 4,
      boarded: 5,
      unaccounted: -1,
    });
  });

  it('cancelled, it frees every seat, and every household keeps its place in the order', async () => {
    const before = await db.pool.query(
      'select id, priority, requested_at from households where operation_id = $1 order by id',
      [op],
    );
    expect(await seats.releaseAll({ ...claim(), reasonCode: 'cancelled' })).toEqual({ released: 4 });
    expect(await seats.releaseAll({ ...claim(), reasonCode: 'cancelled' })).toEqual({ released: 4 });
    const { rows } = await db.pool.query('select seats_taken from movements where id = $1', [movement]);
    expect(rows[0]).toEqual({ seats_taken: 0 });
    const after = await db.pool.query(
      'select id, priority, requested_at from households where operation_id = $1 order by id',
      [op],
    );
    expect(after.rows).toEqual(before.rows);
    const next = await newMovement(db.pool, op);
    movement = next;
    expect(await seats.allocateSeats(claim())).toMatchObject({ people: 4 });
  });

  it('keeps what a person has not been notified yet, whatever happens in between', async () => {
    const { pendingNotifications, markNotified } = seatNotificationsOn(databaseOn(db.pool));
    const first = await pendingNotifications(movement, 100);
    expect(first.map((seat) => [seat.notified, seat.status])).toEqual(Array(4).fill([null, 'reserved']));
    await apply(everybody('check_in'));
    await markNotified(first.map((seat) => ({ seatId: seat.seatId, status: 'reserved' as const })));
    const second = await pendingNotifications(movement, 100);
    expect(second.map((seat) => [seat.notified, seat.status])).toEqual(Array(4).fill(['reserved', 'checked_in']));
    await markNotified(second);
    expect(await pendingNotifications(movement, 100)).toEqual([]);
  });
});
