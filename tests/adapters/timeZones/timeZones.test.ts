import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { alarmsOn, raiseAlarm } from '../../../adapters/postgres/alarms.ts';
import { databaseOn } from '../../../adapters/postgres/database.ts';
import { movementsOn } from '../../../adapters/postgres/movements/reads.ts';
import { ZONES } from '../../../adapters/timeZones/zones.ts';
import { newId } from '../../../application/ids.ts';
import { checkLocalTimes } from '../../../application/movements/planMovement.ts';
import type { Zones } from '../../../domain/movements/localTimes.ts';
import { chores } from '../../../processes/composition/activities.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { newOperation } from '../postgres/seatFixtures.ts';

describe('offsets of a local time', () => {
  it.each([
    ['Casablanca in Ramadan, when its clocks are set back', '2027-02-20T10:00', 'Africa/Casablanca', ['+00:00']],
    ['Casablanca in the rest of a year that is over', '2025-06-20T10:00', 'Africa/Casablanca', ['+01:00']],
    ['Cairo in summer, as since 2023', '2027-05-01T10:00', 'Africa/Cairo', ['+03:00']],
    ['an hour that is shown twice', '2027-10-28T23:30', 'Africa/Cairo', ['+03:00', '+02:00']],
    ['an hour that clocks jump over', '2027-04-30T00:30', 'Africa/Cairo', []],
    ['a zone by an old name', '2027-02-20T10:00', 'Asia/Calcutta', ['+05:30']],
    ['half an hour of summer time', '2027-01-10T10:00:30', 'Australia/Lord_Howe', ['+11:00']],
  ])('%s', (_, local, zone, offsets) => {
    expect(ZONES.offsets(local, zone)).toEqual(offsets);
  });

  it.each(['Africa/Atlantis', '+01:00', '', 'Africa/Cairo '])('%j is no zone', (zone) => {
    expect(ZONES.offsets('2027-02-20T10:00', zone)).toBeUndefined();
  });

  it('are the same whatever the clock of the machine', () => {
    try {
      for (const machine of ['Pacific/Auckland', 'America/St_Johns', 'Africa/Casablanca']) {
        vi.stubEnv('TZ', machine);
        expect(new Date('2027-02-20T10:00Z').getHours()).toBe(
          { 'Pacific/Auckland': 23, 'America/St_Johns': 6, 'Africa/Casablanca': 10 }[machine],
        );
        expect(ZONES.offsets('2027-02-20T10:00', 'Africa/Casablanca')).toEqual(['+00:00']);
      }
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

describe('a table that reads announced times otherwise', () => {
  /** As if Morocco kept +01:00: release 2025c still said so of June 2027, 2026c no more. */
  const OTHER: Zones = {
    table: '2027x',
    offsets: (local, zone) => (zone === 'Africa/Casablanca' ? ['+01:00'] : ZONES.offsets(local, zone)),
  };
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(() => database?.drop());

  async function planned({ status = 'cleared', table = '2026c', zone = 'Africa/Casablanca', late = 0 } = {}) {
    const [id, operationId] = [newId('movement'), await newOperation(database.pool)];
    const stops = [
      { from: 'CMN', to: 'CAI', departsAt: '2027-02-20T10:00+00:00', arrivesAt: '2027-02-20T17:00+02:00' },
    ];
    await database.pool.query(
      `insert into movements (id, operation_id, reference, leg, mode, origin, destination, stops, time_zones, time_zone_table,
         departs_at, arrives_at, status, seat_capacity)
       values ($1, $2, 'RAM-1', 'return', 'flight', '{"code": "CMN"}', '{"code": "CAI"}', $3, $4, $5,
         timestamptz '2027-02-20T10:00Z' + make_interval(hours => $6), timestamptz '2027-02-20T15:00Z' + make_interval(hours => $6), $7, 100)`,
      [id, operationId, JSON.stringify(stops), { CMN: zone, CAI: 'Africa/Cairo' }, table, late, status],
    );
    return { id, operationId };
  }
  const check = (zones: Zones) =>
    checkLocalTimes({
      zones,
      ...movementsOn(databaseOn(database.pool)),
      raiseAlarm: (alarm, occasion) => raiseAlarm(databaseOn(database.pool), alarm, occasion),
    });
  const alarmsOf = ({ operationId }: { operationId: string }) =>
    alarmsOn(databaseOn(database.pool)).list([operationId], { settled: false }, 10);
  const timesOf = async ({ id }: { id: string }) =>
    (await database.pool.query('select stops, departs_at, arrives_at, status, seq from movements where id = $1', [id]))
      .rows;

  it('raises one alarm, with the announced time and the time by the current table; no time changes', async () => {
    const movement = await planned();
    const before = await timesOf(movement);
    await check(OTHER);
    await check(OTHER);
    expect(await alarmsOf(movement)).toMatchObject([
      {
        subject: movement.id,
        kind: 'clocks_moved',
        detail: {
          planned_by: '2026c',
          table: '2027x',
          times: [
            {
              piece: 1,
              stop: 'CMN',
              zone: 'Africa/Casablanca',
              announced: '2027-02-20T10:00+00:00',
              offsets: ['+01:00'],
            },
          ],
        },
      },
    ]);
    expect(await timesOf(movement)).toEqual(before);
    // a later table that is off again is another occasion
    await check({ ...OTHER, table: '2027y' });
    expect(await alarmsOf(movement)).toHaveLength(2);
  });

  it.each([
    ['by the same table', { table: '2027x' }],
    ['of a zone whose rules have not changed', { zone: 'Africa/Abidjan' }],
    ['that has left', { status: 'departed' }],
    ['that was called off', { status: 'cancelled' }],
    ['to which the carrier has given other times since', { late: 3 }],
  ])('says nothing of a movement %s', async (_, over) => {
    const movement = await planned(over);
    await check(OTHER);
    expect(await alarmsOf(movement)).toEqual([]);
  });

  it('raises it also if the local time no longer exists, or the zone is gone', async () => {
    const [jumped, gone] = [await planned(), await planned({ zone: 'Africa/Abidjan' })];
    const offsets: Zones['offsets'] = (local, zone) =>
      zone === 'Africa/Casablanca' ? [] : zone === 'Africa/Abidjan' ? undefined : ZONES.offsets(local, zone);
    await check({ table: '2027z', offsets });
    expect(await alarmsOf(jumped)).toHaveLength(1);
    expect(await alarmsOf(gone)).toHaveLength(1);
  });

  it('is found by the time-zone check of the worker, which logs its table', async () => {
    const movement = await planned();
    const said: object[] = [];
    const log = { info: (fields: object) => said.push(fields), warn: (fields: object) => said.push(fields) };
    const retention = { listsDays: 1, answersDays: 1, inboxDays: 1, peopleMonths: 1 };
    await chores({ pool: database.pool, retention, zones: OTHER, log }).timeZones(() => false);
    expect(await alarmsOf(movement)).toHaveLength(1);
    expect(said[0]).toEqual({ table: '2027x' });
    expect(said).toContainEqual(expect.objectContaining({ table: '2027x', movements: expect.any(Number) }));
  });
});
