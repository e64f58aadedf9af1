import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../application/ids.ts';
import { freshKey, member, openOperation, record, register, STARTED, type TestSystem, testSystem } from './system.ts';

let system: TestSystem;
let operationId: string;
beforeAll(async () => {
  system = await testSystem();
});
beforeEach(async () => {
  operationId = await openOperation(system);
});
afterAll(() => system.close());

const SHIP = {
  reference: 'AMB-01',
  leg: 'evacuation',
  mode: 'ship',
  origin: { code: 'LOD', name: 'Lolowai', country: 'VUT' },
  destination: { code: 'LUG', name: 'Luganville', country: 'VUT' },
  stops: [
    {
      from: 'LOD',
      to: 'LUG',
      departs_at: '2026-03-01T08:00:00+11:00',
      arrives_at: '2026-03-01T14:00:00+11:00',
    },
  ],
  seats: { seat: 80, infant_lap: 5, wheelchair: 2 },
};
const movement = async (more: object = {}) =>
  system.ask('movement_officer', 'POST', `/v1/operations/${operationId}/movements`, { ...SHIP, ...more });

describe('movements', () => {
  it('are planned with the order to start their workflow, in codes and instants', async () => {
    const made = await movement({ clearances: ['security'] });
    expect(made.status).toBe(201);
    const movementId = String(made.body['id']);
    expect(system.started).toContain(`movement:${movementId}`);
    const { rows } = await system.db.pool.query('select input from pending_starts where workflow_id = $1', [
      `movement:${movementId}`,
    ]);
    expect(rows[0].input).toMatchObject({
      version: 1,
      movementId,
      operationId,
      leg: 'evacuation',
      stops: ['LUG'],
      capacity: { seats: 80, infantLaps: 5, stretchers: 0, wheelchairs: 2 },
      clearances: ['security'],
      departsAt: Date.parse('2026-02-28T21:00:00Z'),
    });
    const read = await system.ask('auditor', 'GET', `/v1/movements/${movementId}`);
    expect(read.body).toMatchObject({
      reference: 'AMB-01',
      status: 'planned',
      seats: { seat: 80 },
      taken: { seat: 0 },
      clearances: [{ kind: 'carrier', status: 'open' }, { kind: 'security' }],
    });
    expect(read.headers['etag']).toBe('"0"');
    expect((await system.ask('movement_officer', 'GET', `/v1/movements/${movementId}/manifest`)).body).toMatchObject({
      version: 0,
      status: 'draft',
      entries: [],
    });
    expect((await system.ask('movement_officer', 'GET', `/v1/movements/${movementId}/manifest?version=1`)).status).toBe(
      404,
    );
    expect((await system.ask('movement_officer', 'GET', `/v1/movements/${movementId}/refusals`)).body).toMatchObject({
      data: [],
    });
  });

  it('are listed by departure, a page at a time', async () => {
    await movement({ reference: 'PAGE-1' });
    await movement({ reference: 'PAGE-2' });
    const seen: unknown[] = [];
    let cursor = '';
    do {
      const { status, body } = await system.ask(
        'movement_officer',
        'GET',
        `/v1/operations/${operationId}/movements?limit=1${cursor}`,
      );
      expect(status).toBe(200);
      for (const { reference } of body['data'] as Array<{ reference: string }>) seen.push(reference);
      cursor = body['has_more'] === true ? `&cursor=${String(body['next_cursor'])}` : '';
    } while (cursor !== '');
    expect(seen).toEqual(expect.arrayContaining(['PAGE-1', 'PAGE-2']));
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('are refused where they contradict the operation or themselves', async () => {
    expect((await movement()).status).toBe(201);
    expect((await movement()).body).toMatchObject({ code: 'conflict' });
    expect((await movement({ reference: 'B', leg: 'air' })).body).toMatchObject({ errors: [{ pointer: '/leg' }] });
    expect((await movement({ reference: 'C', carrier_id: newId('partner') })).body).toMatchObject({
      errors: [{ pointer: '/carrier_id' }],
    });
    expect((await movement({ reference: 'D', replaces_id: newId('movement') })).body).toMatchObject({
      errors: [{ pointer: '/replaces_id' }],
    });
    const [leg] = SHIP.stops;
    expect((await movement({ reference: 'E', stops: [{ ...leg, arrives_at: leg?.departs_at }] })).status).toBe(400);
  });

  it('take scans by person, and name those that are of nobody here', async () => {
    const { people } = await register(system, operationId);
    const movementId = String((await movement()).body['id']);
    const scans = [
      { scan_id: 's1', person_id: people[0]?.personId, kind: 'check_in' },
      { scan_id: 's2', person_id: newId('person'), kind: 'board' },
    ];
    const answer = await system.ask('case_worker', 'POST', `/v1/movements/${movementId}/scans`, { scans });
    expect(answer.body).toMatchObject({ unknown: ['s2'] });
    expect(system.sent.at(-1)).toMatchObject({
      name: 'applyScans',
      workflowId: `movement:${movementId}`,
      command: { args: { scans: [{ scanId: 's1', journeyId: people[0]?.journeyId, kind: 'check_in' }] } },
    });
  });

  it('shows names on the manifest to those who board people, each look in the ledger', async () => {
    const { people, householdId } = await register(system, operationId);
    const movementId = String((await movement()).body['id']);
    const [person] = people;
    await system.db.pool.query(
      "insert into seats (id, movement_id, household_id, journey_id, person_id, kind, reserved_at) values ($1, $2, $3, $4, $5, 'seat', now())",
      [newId('seat'), movementId, householdId, person?.journeyId, person?.personId],
    );
    const seen = await system.ask('movement_officer', 'GET', `/v1/movements/${movementId}/manifest`);
    expect(seen.body['entries']).toEqual([
      expect.objectContaining({
        person_id: person?.personId,
        kind: 'seat',
        status: 'reserved',
        names: { given: 'Canaria', family: 'Zzyzx' },
        birth_date: '1990-04-12',
      }),
    ]);
    const blind = await system.ask('auditor', 'GET', `/v1/movements/${movementId}/manifest`);
    expect(blind.text).not.toContain('Canaria');
    const ledger = await system.ask('auditor', 'GET', `/v1/people/${person?.personId}/disclosures`);
    expect(ledger.body['data']).toEqual([
      expect.objectContaining({
        principal: 'movement_officer',
        purpose: 'manifest',
        fields: ['names', 'birth', 'document'],
      }),
    ]);
  });
});

describe('partners', () => {
  const partner = async (more: object = {}) =>
    system.ask('coordinator', 'POST', '/v1/partners', { kind: 'agency', name: 'Agency', ...more });

  it('get a secret once; it is kept encrypted, and no replay shows it', async () => {
    const key = { 'idempotency-key': freshKey() };
    const body = { kind: 'agency', name: 'Receivers' };
    const first = await system.ask('coordinator', 'POST', '/v1/partners', body, key);
    expect(first.body['secret']).toMatch(/^whsec_/);
    const again = await system.ask('coordinator', 'POST', '/v1/partners', body, key);
    expect(again.body).toEqual({ id: first.body['id'], secret: null });
    const { rows } = await system.db.pool.query(
      "select (select string_agg(p::text, '') from partners p) || (select string_agg(k::text, '') from idempotency_keys k) as everything",
    );
    expect(rows[0].everything).not.toContain(String(first.body['secret']).slice(6));
    expect((await partner({ kind: 'consulate' })).status).toBe(400);
    expect((await partner({ base_url: 'http://10.0.0.1/x' })).body).toMatchObject({ code: 'address_refused' });
  });

  it('register endpoints and agreements; rotation keeps the old secret beside the new', async () => {
    const partnerId = String((await partner()).body['id']);
    const agreement = {
      operation_id: operationId,
      purposes: ['reception'],
      fields: [],
      event_types: ['journey.verified'],
      reference: 'MoU 3',
    };
    expect((await system.ask('coordinator', 'POST', `/v1/partners/${partnerId}/agreements`, agreement)).status).toBe(
      201,
    );
    expect((await system.ask('auditor', 'GET', `/v1/partners/${partnerId}/agreements`)).body['data']).toEqual([
      expect.objectContaining({ reference: 'MoU 3', operation_id: operationId }),
    ]);
    const url = 'https://agency.example/hooks';
    const made = await system.ask('coordinator', 'POST', `/v1/partners/${partnerId}/endpoints`, {
      url,
      event_types: ['journey.verified'],
    });
    const endpointId = String(made.body['id']);
    expect(system.started).toContain(`feed:${endpointId}`);
    expect(
      (await system.ask('coordinator', 'POST', `/v1/endpoints/${endpointId}/commands/rotate-secret`, {})).body[
        'secret'
      ],
    ).toMatch(/^whsec_/);
    expect(
      (await system.ask('coordinator', 'POST', `/v1/endpoints/${endpointId}/commands/enable`, {})).body,
    ).toMatchObject({ code: 'conflict' });
    expect((await system.ask('coordinator', 'GET', `/v1/endpoints/${endpointId}/deliveries`)).body).toMatchObject({
      data: [],
    });
    expect(
      (await system.ask('coordinator', 'POST', `/v1/endpoints/${endpointId}/commands/replay`, { from_position: 1 }))
        .body,
    ).toEqual({ queued: 0 });
    expect((await system.ask('coordinator', 'DELETE', `/v1/endpoints/${endpointId}`)).status).toBe(204);
    expect((await system.ask('coordinator', 'DELETE', `/v1/endpoints/${endpointId}`)).status).toBe(404);
    expect(
      (
        await system.ask('coordinator', 'POST', `/v1/partners/${partnerId}/endpoints`, {
          url: 'http://127.0.0.1/',
          event_types: ['journey.verified'],
        })
      ).body,
    ).toMatchObject({ code: 'address_refused', reason: 'not_https' });
  });

  it('read events under their agreements alone, in order, and of nobody who does not share', async () => {
    const partnerId = String((await partner()).body['id']);
    const { people } = await register(system, operationId, [
      member(),
      member({ person_ref: 'P-2', relationship_to_head: 'SPOUSE' }),
    ]);
    const [open, held] = people;
    for (const person of people)
      await record(system, person.journeyId, operationId, [STARTED, { type: 'received', data: {} }]);
    await system.db.pool.query(
      'update outbox set position = o.n from (select id, row_number() over (order by created_at, subject, seq) + coalesce((select max(position) from outbox), 0) as n from outbox where position is null) o where outbox.id = o.id',
    );
    await system.db.pool.query(
      "insert into holds (id, journey_id, operation_id, type, raised_by, raised_at) values ($1, $2, $3, 'ASYLUM', 'x', now())",
      [newId('hold'), held?.journeyId, operationId],
    );
    const headers = {
      authorization: `Bearer ${await system.token([{ role: 'partner', operation: '*' }], { partner: partnerId })}`,
    };
    const read = async () =>
      (await system.inject({ method: 'GET', url: `/v1/events?operation=${operationId}`, headers })).body[
        'data'
      ] as Array<{ type: string; subject: string; position: number }>;
    expect(await read()).toEqual([]);
    await system.ask('coordinator', 'POST', `/v1/partners/${partnerId}/agreements`, {
      operation_id: operationId,
      purposes: ['reception'],
      fields: [],
      event_types: ['journey.received'],
      reference: 'MoU',
      valid_from: '2020-01-01T00:00:00Z',
    });
    expect((await read()).map(({ type, subject }) => [type, subject])).toEqual([['journey.received', open?.journeyId]]);
    const staff = await system.ask('auditor', 'GET', `/v1/events?operation=${operationId}&limit=3`);
    const positions = (staff.body['data'] as Array<{ position: number }>).map(({ position }) => position);
    expect(positions).toEqual([...positions].sort((a, b) => a - b));
    expect(staff.body).toMatchObject({ has_more: true, next_after: positions.at(-1) });
  });
});

describe('taking people in', () => {
  it('gives each member verdict and codes, and the very same people to a repeated request', async () => {
    const key = { 'idempotency-key': freshKey() };
    const body = {
      household_ref: 'H-9',
      members: [
        member(),
        member({ person_ref: 'P-2', relationship_to_head: 'SPOUSE', phone: '7712345', family_name: '' }),
      ],
    };
    const url = `/v1/operations/${operationId}/households`;
    const tried = await system.ask('case_worker', 'POST', url, { ...body, dry_run: true });
    expect(tried.status).toBe(200);
    expect(tried.body).toMatchObject({
      household_id: null,
      people: [{ verdict: 'accept', person_id: null }, { verdict: 'accept_with_warning' }],
    });
    const first = await system.ask('case_worker', 'POST', url, body, key);
    expect(first.status).toBe(201);
    const people = first.body['people'] as Array<{
      codes: Array<{ code: string; column: string }>;
      journey_id: string;
    }>;
    expect(people[1]?.codes.map(({ code, column }) => `${code} ${column}`)).toEqual([
      'NAME_SINGLE family_name',
      'PHONE_NATIONAL_FORMAT phone',
    ]);
    expect((await system.ask('case_worker', 'POST', url, body, key)).body).toEqual(first.body);
    expect(system.started).toContain(`journey:${people[0]?.journey_id}`);
    const { rows } = await system.db.pool.query('select count(*)::integer as n from journeys where operation_id = $1', [
      operationId,
    ]);
    expect(rows[0].n).toBe(2);
  });

  it('refuses a household of which nobody can be registered, by row and column', async () => {
    const answer = await system.ask('case_worker', 'POST', `/v1/operations/${operationId}/households`, {
      household_ref: 'H',
      members: [member({ nationality: 'XYZ' })],
    });
    expect(answer.body).toMatchObject({
      code: 'invalid_request',
      errors: [{ row: 1, column: 'nationality', code: 'NATIONALITY_UNKNOWN' }],
    });
  });

  it('takes a list as it streams, and refuses whole what is empty or of another kind', async () => {
    const send = async (payload: string, headers: Record<string, string>) =>
      system.inject({
        method: 'POST',
        url: `/v1/operations/${operationId}/imports?file_name=list.csv`,
        headers: {
          authorization: `Bearer ${await system.token('coordinator')}`,
          'idempotency-key': freshKey(),
          ...headers,
        },
        payload,
      });
    const taken = await send('household_ref,person_ref\nH,P\n', { 'content-type': 'text/csv' });
    expect(taken.status).toBe(202);
    const importId = String(taken.body['id']);
    expect(taken.headers['location']).toBe(`/v1/imports/${importId}`);
    expect(system.started.some((id) => id.includes(importId))).toBe(true);
    expect((await system.ask('coordinator', 'GET', `/v1/imports/${importId}`)).body).toMatchObject({
      status: 'uploaded',
      file_name: 'list.csv',
      progress: { done: 0 },
    });
    expect((await system.ask('coordinator', 'POST', `/v1/imports/${importId}/commands/commit`, {})).body).toMatchObject(
      {
        code: 'conflict',
      },
    );
    expect((await send('', { 'content-type': 'text/csv' })).body).toMatchObject({ code: 'list_refused', status: 422 });
    expect((await send('{}', { 'content-type': 'application/json' })).status).toBe(415);
  });
});

describe('plans', () => {
  const body = { name: 'Ambae', scenario: 'The volcano wakes', kind: 'evacuation', country: 'VUT' };

  it('are edited under a version, ready only when whole, and become an operation', async () => {
    const made = await system.ask('coordinator', 'POST', '/v1/plans', body);
    const planId = String(made.body['id']);
    const read = await system.ask('auditor', 'GET', `/v1/plans/${planId}`);
    expect(read.body['missing']).toEqual(['trigger', 'route', 'registration_site', 'reception_site', 'carrier']);
    expect((await system.ask('coordinator', 'POST', `/v1/plans/${planId}/commands/activate`, {})).body).toMatchObject({
      code: 'conflict',
    });
    const carrier = await system.ask('coordinator', 'POST', '/v1/partners', { kind: 'carrier', name: 'Ships' });
    const whole = {
      ...body,
      status: 'ready',
      triggers: [{ code: 'level_4', sentence: 'Alert level 4' }],
      routes: [{ code: 'sea', needs: { nationality: false, document: false, exit_permit: false } }],
      sites: [
        { name: 'Lolowai', purpose: 'registration' },
        { name: 'Luganville', purpose: 'reception' },
      ],
      carriers: [carrier.body['id']],
    };
    const put = (etag: string, change: object) =>
      system.ask('coordinator', 'PUT', `/v1/plans/${planId}`, change, { 'if-match': etag });
    expect((await put('"1"', { ...body, status: 'ready' })).status).toBe(400);
    expect((await put('"1"', whole)).body).toMatchObject({ version: 2 });
    expect((await put('"1"', whole)).status).toBe(412);
    const activated = await system.ask('operation_lead', 'POST', `/v1/plans/${planId}/commands/activate`, {
      name: 'Ambae 2026',
    });
    expect(activated.status).toBe(201);
    expect((await system.ask('auditor', 'GET', `/v1/operations/${String(activated.body['id'])}`)).body).toMatchObject({
      name: 'Ambae 2026',
      plan_id: planId,
      status: 'draft',
    });
    expect((await system.ask('operation_lead', 'POST', `/v1/plans/${planId}/commands/activate`, {})).status).toBe(409);
  });
});
