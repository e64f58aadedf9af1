import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { secretBox } from '../../adapters/crypto/envelope.ts';
import { databaseOn } from '../../adapters/postgres/database.ts';
import { requestsOn } from '../../adapters/postgres/requests.ts';
import { ZONES } from '../../adapters/timeZones/zones.ts';
import { newId } from '../../application/ids.ts';
import { openOperation, type TestSystem, testSystem } from './system.ts';

let system: TestSystem;
let operationId: string;
beforeAll(async () => {
  system = await testSystem();
  operationId = await openOperation(system);
});
afterAll(() => system.close());

const CASABLANCA = { code: 'CMN', name: 'Casablanca', country: 'MAR' };
const CAIRO = { code: 'CAI', name: 'Cairo', country: 'EGY' };
const TUNIS = { code: 'TUN', name: 'Tunis', country: 'TUN' };
const ZONED = { CMN: 'Africa/Casablanca', CAI: 'Africa/Cairo' };
const BACK = { CAI: 'Africa/Cairo', TUN: 'Africa/Tunis' };
let flights = 0;

function plan(departsAt: string, arrivesAt: string, over: { back?: boolean; zones?: Record<string, string> } = {}) {
  const { back = false, zones = back ? BACK : ZONED } = over;
  const [from, to] = back ? [CAIRO, TUNIS] : [CASABLANCA, CAIRO];
  return system.ask('movement_officer', 'POST', `/v1/operations/${operationId}/movements`, {
    reference: `RAM-${++flights}`,
    leg: 'evacuation',
    mode: 'flight',
    origin: from,
    destination: to,
    stops: [{ from: from.code, to: to.code, departs_at: departsAt, arrives_at: arrivesAt }],
    time_zones: zones,
    seats: { seat: 100 },
  });
}

describe('a departure at a local time', () => {
  it.each([
    ['Casablanca', '2027-02-20T10:00', '2027-02-20T17:00', false, '2027-02-20T10:00:00.000Z', '+00:00', '+02:00'],
    ['Cairo', '2027-05-01T10:00', '2027-05-01T13:00', true, '2027-05-01T07:00:00.000Z', '+03:00', '+01:00'],
  ])(
    '%s is the same moment for the API, the worker, SQL, the carrier and who reads it',
    async (_, departs, arrives, back, instant, ...offsets) => {
      await system.db.owner.query(
        `alter database ${new URL(system.db.url).pathname.slice(1)} set timezone = 'Africa/Cairo'`,
      );
      vi.stubEnv('TZ', 'Pacific/Auckland');
      try {
        const made = await plan(departs, arrives, { back });
        expect(made.status).toBe(201);
        const id = String(made.body['id']);
        const read = await system.ask('auditor', 'GET', `/v1/movements/${id}`);
        expect(read.body).toMatchObject({
          departs_at: instant,
          stops: [{ departs_at: `${departs}${offsets[0]}`, arrives_at: `${arrives}${offsets[1]}` }],
          time_zones: back ? BACK : ZONED,
          time_zone_table: ZONES.table,
        });
        const { rows } = await system.db.pool.query(
          `select (p.input ->> 'departsAt')::double precision as worker, m.departs_at = $2::timestamptz as sql
           from movements m join pending_starts p on p.workflow_id = 'movement:' || m.id where m.id = $1`,
          [id, instant],
        );
        expect(rows).toEqual([{ worker: Date.parse(instant), sql: true }]);
        const deps = { keyring: system.keyring, secrets: secretBox(system.keyring), clock: Date.now };
        expect(await requestsOn(databaseOn(system.db.pool), deps).movement(id)).toMatchObject({ departs_at: instant });
      } finally {
        vi.unstubAllEnvs();
      }
    },
  );

  it('keeps the offset that was printed where it agrees, Z for +00:00', async () => {
    const made = await plan('2027-02-20T10:00Z', '2027-02-20T17:00+02:00');
    const read = await system.ask('auditor', 'GET', `/v1/movements/${String(made.body['id'])}`);
    expect(read.body['stops']).toMatchObject([{ departs_at: '2027-02-20T10:00+00:00' }]);
  });

  it('needs no time zone where it brings its offset, and then no table has judged it', async () => {
    const made = await plan('2027-02-20T10:00+01:00', '2027-02-20T17:00+02:00', { zones: {} });
    const read = await system.ask('auditor', 'GET', `/v1/movements/${String(made.body['id'])}`);
    expect(read.body).toMatchObject({ departs_at: '2027-02-20T09:00:00.000Z', time_zones: {}, time_zone_table: null });
  });

  it.each([
    [
      'another offset than the table has',
      '2027-02-20T10:00+01:00',
      '2027-02-20T17:00',
      {},
      'other_offset',
      '/stops/0/departs_at',
    ],
    ['an hour that is shown twice', '2027-10-28T09:00', '2027-10-28T23:30', {}, 'twice', '/stops/0/arrives_at'],
    [
      'an hour that clocks jump over',
      '2027-04-29T09:00',
      '2027-04-30T00:30',
      {},
      'no_such_time',
      '/stops/0/arrives_at',
    ],
    [
      'neither offset nor zone',
      '2027-02-20T10:00',
      '2027-02-20T17:00+02:00',
      { zones: {} },
      'no_offset',
      '/stops/0/departs_at',
    ],
    [
      'a zone that nobody knows',
      '2027-02-20T10:00',
      '2027-02-20T17:00',
      { zones: { ...ZONED, CMN: 'Africa/Atlantis' } },
      'unknown_zone',
      '/stops/0/departs_at',
    ],
    [
      'an arrival before the departure, told only by the zones',
      '2027-02-20T10:00',
      '2027-02-20T11:30',
      {},
      'invalid',
      '/stops/0/arrives_at',
    ],
  ])('is refused with %s', async (_, departs, arrives, over, code, pointer) => {
    const refused = await plan(departs, arrives, over);
    expect(refused.status).toBe(400);
    expect(refused.body['errors']).toMatchObject([{ code, pointer }]);
  });

  it('is refused in another form with the form that is asked for', async () => {
    const refused = await plan('20-02-2027 10:00', '2027-02-20T17:00');
    expect(refused.body['errors']).toMatchObject([
      { pointer: '/stops/0/departs_at', detail: expect.stringContaining('2027-02-20T10:00+01:00') },
    ]);
    const scans = [{ scan_id: 's', person_id: newId('person'), kind: 'board', at: '2027-02-20T10:00' }];
    const movementId = String((await plan('2027-02-20T10:00', '2027-02-20T17:00')).body['id']);
    const scanned = await system.ask('movement_officer', 'POST', `/v1/movements/${movementId}/scans`, { scans });
    expect(scanned.body['errors']).toMatchObject([
      { pointer: '/scans/0/at', detail: expect.stringContaining('2026-11-20T09:00+02:00') },
    ]);
  });

  it('is refused with a time zone of a stop that is on no leg', async () => {
    const refused = await plan('2027-02-20T10:00', '2027-02-20T17:00', { zones: { ...ZONED, ...BACK } });
    expect(refused.body['errors']).toMatchObject([{ pointer: '/time_zones' }]);
  });

  it('is judged by a table whose release everybody can see', async () => {
    expect((await system.inject({ method: 'GET', url: '/metrics' })).text).toContain(
      `time_zone_table_info{release="${ZONES.table}"} 1`,
    );
  });
});
