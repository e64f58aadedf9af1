import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseOn } from '../../../adapters/postgres/database.ts';
import { situationOn } from '../../../adapters/postgres/journeys/now.ts';
import { iso } from '../../../domain/time.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { insertJourney, insertOperation } from '../../support/systemRows.ts';

const NOW = Date.UTC(2026, 10, 25, 12);
const HOUR = 3_600_000;
let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database?.drop());

describe('the situation of an operation', () => {
  it('names the next movement, its empty seats and the people who are ready for its leg', async () => {
    const { pool } = database;
    const operationId = await insertOperation(pool);
    const movement = (reference: string, leg: string, departsAt: number) =>
      pool.query(
        `insert into movements (id, operation_id, reference, leg, mode, origin, destination, stops, departs_at, arrives_at,
           seat_capacity, seats_taken)
         values ($1 || $2, $2, $1, $3, 'flight', '{}', '{}', '[]', $4, $4::timestamptz + interval '1 hour', 30, 8)`,
        [reference, operationId, leg, iso(departsAt)],
      );
    await movement('GONE', 'air', NOW - HOUR);
    await movement('LATER', 'air', NOW + 2 * HOUR);
    await movement('NEXT', 'air', NOW + HOUR);
    for (const [status, nextLeg] of [
      ['travel_ready', 'air'],
      ['travel_ready', 'air'],
      ['travel_ready', 'road'],
      ['verified', 'air'],
    ]) {
      const { journeyId } = await insertJourney(pool, operationId);
      await pool.query('update journeys set status = $2, next_leg = $3 where id = $1', [journeyId, status, nextLeg]);
    }
    const { nextMovement, byStatus } = await situationOn(databaseOn(pool)).input(operationId, NOW);
    expect(nextMovement).toEqual({ reference: 'NEXT', departsAt: NOW + HOUR, emptySeats: 22, readyWithoutSeat: 2 });
    expect(byStatus.get('travel_ready')).toBe(3);
  });

  it('without a movement that is still to leave names none', async () => {
    const operationId = await insertOperation(database.pool);
    const input = await situationOn(databaseOn(database.pool)).input(operationId, NOW);
    expect(input).toMatchObject({ completed: 0, waits: [], decisions: [], lateness: { worstSeconds: 0 } });
    expect(input).not.toHaveProperty('nextMovement');
  });
});
