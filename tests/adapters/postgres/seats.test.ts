import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MovementActivities } from '../../../activities/subjects.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import {
  NOW,
  newHousehold,
  newMovement,
  newOperation,
  OFFICER,
  RULES,
  raiseHold,
  refusalsOf,
  seatActivities,
  seatsOf,
  statuses,
} from './seatFixtures.ts';

let db: TestDatabase;
let seats: MovementActivities;
beforeAll(async () => {
  db = await testDatabase();
  seats = seatActivities(db.pool);
});
afterAll(() => db.drop());

const allocate = (movementId: string, over: { at?: number; amend?: { version: number; rulesVersion: number } } = {}) =>
  seats.allocateSeats({ movementId, at: NOW, actor: OFFICER, rules: RULES, ...over });

describe('allocation on the database', () => {
  it('seats whole households by priority, then by date of request, and says who stays', async () => {
    const op = await newOperation(db.pool);
    const late = await newHousehold(db.pool, op, 4, { requestedAt: NOW - 1_000 });
    const early = await newHousehold(db.pool, op, 5, { requestedAt: NOW - 9_000 });
    const vulnerable = await newHousehold(db.pool, op, 4, { priority: 10, requestedAt: NOW });
    const single = await newHousehold(db.pool, op, 1, { requestedAt: NOW });
    const movement = await newMovement(db.pool, op, { seats: 10 });
    expect(await allocate(movement)).toEqual({
      households: 3,
      people: 10,
      refused: 1,
      released: 0,
      overCapacity: false,
    });
    expect(await statuses(db.pool, movement, vulnerable)).toEqual(Array(4).fill('reserved'));
    expect(await statuses(db.pool, movement, early)).toEqual(Array(5).fill('reserved'));
    expect(await statuses(db.pool, movement, single)).toEqual(['reserved']);
    expect(await statuses(db.pool, movement, late)).toEqual(Array(4).fill(undefined));
    expect(await refusalsOf(db.pool, movement)).toEqual(new Map([[late.id, ['no_room']]]));
  });

  it('taken again it changes nothing and answers the same', async () => {
    const op = await newOperation(db.pool);
    await newHousehold(db.pool, op, 3);
    await newHousehold(db.pool, op, 9);
    const movement = await newMovement(db.pool, op, { seats: 10 });
    const first = await allocate(movement);
    expect(await allocate(movement)).toEqual(first);
    expect(first.households).toBe(1);
  });

  it('continues over many households, and gives the rest a reason when the vehicle is full', async () => {
    const op = await newOperation(db.pool);
    for (let i = 0; i < 230; i++) await newHousehold(db.pool, op, 1, { requestedAt: NOW - 1_000_000 + i });
    const movement = await newMovement(db.pool, op, { seats: 210 });
    expect(await allocate(movement)).toMatchObject({ people: 210, refused: 20 });
  });

  it('seats nobody of a household of which one is held, and does not say why', async () => {
    const op = await newOperation(db.pool);
    const held = await newHousehold(db.pool, op, 3);
    const disputed = await newHousehold(db.pool, op, 3);
    await raiseHold(db.pool, op, held.journeys[2] ?? '', 'ASYLUM');
    await raiseHold(db.pool, op, disputed.journeys[1] ?? '', 'DATA_DISPUTE');
    const movement = await newMovement(db.pool, op);
    expect(await allocate(movement)).toMatchObject({ people: 0, refused: 2 });
    const { rows } = await db.pool.query<{ reasons: unknown }>(
      'select reasons from allocation_refusals where movement_id = $1',
      [movement],
    );
    expect(JSON.stringify(rows[0]?.reasons)).toBe(JSON.stringify(rows[1]?.reasons));
    expect(JSON.stringify(rows)).not.toMatch(/hold|asylum|disputed/i);
  });

  it('seats nobody while the operation is suspended for them', async () => {
    const op = await newOperation(db.pool);
    await newHousehold(db.pool, op, 1);
    await db.pool.query(
      `insert into suspensions (id, operation_id, scope_kind, scope_value, from_at, reason_code) values ('sus_1', $1, 'leg', 'evacuation', '2026-02-01', 'security')`,
      [op],
    );
    const movement = await newMovement(db.pool, op);
    expect(await allocate(movement)).toMatchObject({ people: 0, refused: 1 });
    expect([...(await refusalsOf(db.pool, movement)).values()]).toEqual([['operation_not_running']]);
  });

  it("applies the lists by the head, and leaves people without a nationality to a person's decision", async () => {
    const op = await newOperation(db.pool);
    const served = await newHousehold(db.pool, op, 1, { nationality: 'NER' });
    const other = await newHousehold(db.pool, op, 1, { nationality: 'GIN' });
    const stateless = await newHousehold(db.pool, op, 1, { nationality: 'XXA' });
    const confirmed = await newHousehold(db.pool, op, 1, { nationality: 'XXA' });
    await db.pool.query(`update journeys set verified_state = 'NER' where id = $1`, [confirmed.journeys[0]]);
    const movement = await newMovement(db.pool, op, {
      forHouseholdsOf: ['NER', 'NGA'],
      accepts: ['NER', 'NGA'],
      leaveAt: { NIM: ['NER'] },
    });
    await allocate(movement);
    const seats = await seatsOf(db.pool, movement);
    expect(seats.get(served.journeys[0] ?? '')?.alight_at).toBe('NIM');
    expect(seats.get(confirmed.journeys[0] ?? '')?.status).toBe('reserved');
    expect(seats.has(other.journeys[0] ?? '')).toBe(false);
    expect(await refusalsOf(db.pool, movement)).toEqual(new Map([[stateless.id, ['nationality_undecided']]]));
  });

  it('fits seats to people: laps, wheelchairs, stretchers that take several seats', async () => {
    const op = await newOperation(db.pool);
    const family = await newHousehold(db.pool, op, [
      { conditions: ['WHEELCHAIR'] },
      { traveller: 'infant' },
      { traveller: 'infant' },
      { conditions: ['STRETCHER'] },
    ]);
    const movement = await newMovement(db.pool, op, { seats: 11, stretchers: 1, stretcherSeats: 9 });
    await allocate(movement);
    const seats = await seatsOf(db.pool, movement);
    expect(family.journeys.map((journey) => seats.get(journey)?.kind)).toEqual([
      'wheelchair',
      'infant_lap',
      'seat',
      'stretcher',
    ]);
    const { rows } = await db.pool.query(
      'select seats_taken, infants_taken, stretchers_taken, wheelchairs_taken from movements where id = $1',
      [movement],
    );
    expect(rows[0]).toEqual({ seats_taken: 11, infants_taken: 1, stretchers_taken: 1, wheelchairs_taken: 1 });
  });

  it('when a smaller vehicle comes the last in the order leave first, and may come back when there is room', async () => {
    const op = await newOperation(db.pool);
    const first = await newHousehold(db.pool, op, 3, { requestedAt: NOW - 3_000 });
    const second = await newHousehold(db.pool, op, 4, { requestedAt: NOW - 2_000 });
    const third = await newHousehold(db.pool, op, 2, { requestedAt: NOW - 1_000 });
    const movement = await newMovement(db.pool, op, { seats: 9 });
    await allocate(movement);
    expect(
      await seats.changeVehicle({
        movementId: movement,
        capacity: { seats: 5, infantLaps: 0, stretchers: 0, wheelchairs: 0 },
      }),
    ).toEqual({
      overCapacity: true,
    });
    const corrected = await allocate(movement, { at: NOW + 1 });
    expect(corrected).toEqual({ households: 2, people: 5, refused: 1, released: 1, overCapacity: false });
    expect(await allocate(movement, { at: NOW + 1 })).toEqual(corrected);
    expect(await statuses(db.pool, movement, first)).toEqual(Array(3).fill('reserved'));
    expect(await statuses(db.pool, movement, second)).toEqual(Array(4).fill('released'));
    expect(await statuses(db.pool, movement, third)).toEqual(Array(2).fill('reserved'));
    expect(
      await seats.changeVehicle({
        movementId: movement,
        capacity: { seats: 9, infantLaps: 0, stretchers: 0, wheelchairs: 0 },
      }),
    ).toEqual({
      overCapacity: false,
    });
    expect(await allocate(movement, { at: NOW + 2 })).toMatchObject({ households: 3, people: 9 });
    expect((await seatsOf(db.pool, movement)).get(second.journeys[0] ?? '')?.status).toBe('reserved');
  });

  it('a smaller vehicle with fewer laps gives an infant a seat, and the count stays true', async () => {
    const op = await newOperation(db.pool);
    const family = await newHousehold(db.pool, op, [{}, { traveller: 'infant' }]);
    const movement = await newMovement(db.pool, op, { seats: 4, infantLaps: 1 });
    await allocate(movement);
    await seats.changeVehicle({
      movementId: movement,
      capacity: { seats: 2, infantLaps: 0, stretchers: 0, wheelchairs: 0 },
    });
    expect(await allocate(movement, { at: NOW + 1, amend: { version: 2, rulesVersion: 1 } })).toMatchObject({
      people: 2,
      released: 0,
      overCapacity: false,
      amended: { version: 2, people: 2 },
    });
    expect((await seatsOf(db.pool, movement)).get(family.journeys[1] ?? '')?.kind).toBe('seat');
    const { rows } = await db.pool.query('select seats_taken, infants_taken from movements where id = $1', [movement]);
    expect(rows[0]).toEqual({ seats_taken: 2, infants_taken: 0 });
  });
});

describe('claims that race', () => {
  it('fifty at once for the last seats never pass the capacity, and split no household', async () => {
    const op = await newOperation(db.pool);
    const households = [];
    for (let i = 0; i < 40; i++)
      households.push(await newHousehold(db.pool, op, 1 + (i % 5), { requestedAt: NOW - 1_000 + i }));
    const movements = [await newMovement(db.pool, op, { seats: 23 }), await newMovement(db.pool, op, { seats: 17 })];
    await Promise.all(Array.from({ length: 50 }, (_, i) => allocate(movements[i % 2] ?? '', { at: NOW + i })));
    const seated = await Promise.all(movements.map((movement) => seatsOf(db.pool, movement)));
    expect(seated.map((seats) => seats.size)).toEqual([23, 17]);
    for (const household of households) {
      const where = household.journeys.map((journey) => seated.findIndex((seats) => seats.has(journey)));
      expect(new Set(where).size).toBe(1);
    }
    for (const movement of movements) {
      const { rows } = await db.pool.query(
        'select seats_taken <= seat_capacity as within from movements where id = $1',
        [movement],
      );
      expect(rows[0]).toEqual({ within: true });
    }
  });

  it('a hold and a claim for the same person: never both a seat and a hold that nobody saw', async () => {
    const op = await newOperation(db.pool);
    for (let round = 0; round < 20; round++) {
      const household = await newHousehold(db.pool, op, 2);
      const movement = await newMovement(db.pool, op);
      await Promise.all([allocate(movement), raiseHold(db.pool, op, household.journeys[0] ?? '')]);
      // whoever came second: either the claim saw the hold, or the hold finds the seat (and the journey tells the movement)
      const again = await allocate(movement, { at: NOW + 1 });
      const { size } = await seatsOf(db.pool, movement);
      expect([0, 2]).toContain(size);
      expect(again.people).toBe(size);
      await db.pool.query('update households set operation_id = $2 where id = $1', [
        household.id,
        await newOperation(db.pool),
      ]);
    }
  });

  it('the database itself refuses a seat beyond capacity and a second seat for one person', async () => {
    const op = await newOperation(db.pool);
    const [a, b] = [await newHousehold(db.pool, op, 1), await newHousehold(db.pool, op, 1)];
    const movement = await newMovement(db.pool, op, { seats: 1 });
    const other = await newMovement(db.pool, op, { seats: 1 });
    const insert = (id: string, where: string, household: typeof a) =>
      db.pool.query(
        `insert into seats (id, movement_id, household_id, journey_id, person_id, kind, reserved_at) values ($1, $2, $3, $4, $5, 'seat', now())`,
        [id, where, household.id, household.journeys[0], household.persons[0]],
      );
    await insert('seat_1', movement, a);
    await expect(insert('seat_2', movement, b)).rejects.toThrow(/seats_within_capacity/);
    await expect(insert('seat_3', other, a)).rejects.toThrow(/seats_one_active/);
  });
});
