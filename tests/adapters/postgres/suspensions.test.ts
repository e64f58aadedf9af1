import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseOn } from '../../../adapters/postgres/database.ts';
import { suspensionsOn } from '../../../adapters/postgres/operations/conduct.ts';
import { newId } from '../../../application/ids.ts';
import { suspensionOverlap } from '../../../application/operations/conduct.ts';
import { HOUR, iso } from '../../../domain/time.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { makeOperation } from '../../support/operations.ts';

const START = Date.UTC(2017, 8, 28);
let database: TestDatabase;
let operationId: string;
let journey: string;
let movement: string;

beforeAll(async () => {
  database = await testDatabase();
  const { pool } = database;
  ({ id: operationId } = await makeOperation(pool));
  const [person, household] = [newId('person'), newId('household')];
  journey = newId('journey');
  movement = newId('movement');
  await pool.query(`insert into persons (id, nationality, sex, traveller) values ($1, 'VUT', 'F', 'adult')`, [person]);
  await pool.query(
    `insert into households (id, operation_id, reference, site, requested_at) values ($1, $2, 'H1', 'Walaha', now())`,
    [household, operationId],
  );
  await pool.query(
    `insert into journeys (id, person_id, operation_id, household_id, relationship, registered_at, status_since, route, route_done)
     values ($1, $2, $3, $4, 'HEAD', now(), now(), '{road,sea,air}', '{road}')`,
    [journey, person, operationId, household],
  );
  await pool.query(
    `insert into movements (id, operation_id, reference, leg, mode, origin, destination, stops, departs_at, arrives_at, seat_capacity)
     values ($1, $2, 'M1', 'sea', 'ship', '{"name": "Walaha", "code": "WAL"}', '{"name": "Luganville"}', '[]', now(), now(), 10)`,
    [movement, operationId],
  );
});
afterAll(async () => {
  await database?.drop();
});

/** What subjects see of one suspension of an hour, looked at over three. */
async function seen(kind: string, value: string | null, subject: string): Promise<number> {
  await database.owner.query('delete from suspensions');
  await database.pool.query(
    `insert into suspensions (id, operation_id, scope_kind, scope_value, from_at, until_at, reason_code) values ($1, $2, $3, $4, $5, $6, 'security')`,
    [newId('suspension'), operationId, kind, value, iso(START + HOUR), iso(START + 2 * HOUR)],
  );
  const { overlap, open } = await suspensionOverlap(suspensionsOn(databaseOn(database.pool)))({
    operationId,
    subject,
    since: START,
    at: START + 3 * HOUR,
  });
  expect(open).toBe(false);
  return overlap;
}

describe('whom a suspension covers', () => {
  it.each([
    ['all', null, { journey: true, movement: true, operation: true }],
    ['leg', 'sea', { journey: true, movement: true, operation: false }],
    ['leg', 'road', { journey: false, movement: false, operation: false }],
    ['leg', 'air', { journey: false, movement: false, operation: false }],
    ['site', 'Walaha', { journey: true, movement: true, operation: false }],
    ['site', 'WAL', { journey: false, movement: true, operation: false }],
    ['site', 'Luganville', { journey: false, movement: false, operation: false }],
    ['nationality', 'VUT', { journey: true, movement: false, operation: false }],
    ['nationality', 'SDN', { journey: false, movement: false, operation: false }],
  ] as const)('%s %s', async (kind, value, covers) => {
    expect({
      journey: (await seen(kind, value, journey)) === HOUR,
      movement: (await seen(kind, value, movement)) === HOUR,
      operation: (await seen(kind, value, operationId)) === HOUR,
    }).toEqual(covers);
  });

  it('nobody of another operation', async () => {
    const other = await makeOperation(database.pool);
    await seen('all', null, journey);
    expect(
      await suspensionOverlap(suspensionsOn(databaseOn(database.pool)))({
        operationId: other.id,
        subject: other.id,
        since: START,
        at: START + 3 * HOUR,
      }),
    ).toEqual({
      overlap: 0,
      open: false,
    });
  });
});
