import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY } from '../../domain/time.ts';
import { freshKey, openOperation, register, type TestSystem, testSystem } from './system.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await testSystem();
});
afterAll(() => system.close());

describe('operations', () => {
  it('is opened as a draft, with the order to start its workflow', async () => {
    const operationId = await openOperation(system, {
      sites: [{ name: 'Lolowai' }],
      sectors: [{ code: 'transport', planned: 680 }],
    });
    expect(system.started).toContain(`operation:${operationId}`);
    const read = await system.ask('case_worker', 'GET', `/v1/operations/${operationId}`);
    expect(read.status).toBe(200);
    expect(read.body).toMatchObject({
      status: 'draft',
      kind: 'evacuation',
      country: 'VUT',
      sites: [{ name: 'Lolowai' }],
    });
    expect(read.headers['etag']).toMatch(/^"\d+"$/);
    const sectors = await system.ask('case_worker', 'GET', `/v1/operations/${operationId}/sectors`);
    expect((sectors.body['data'] as unknown[]).length).toBe(15);
    expect(sectors.body['data']).toContainEqual(
      expect.objectContaining({ code: 'transport', planned: 680, reached: 0 }),
    );
  });

  it('runs a drill on the clock that was given, and refuses one to a real operation', async () => {
    const clock = [{ from_operation_time: '2017-09-27T00:00:00Z', seconds_per_day: 60 }];
    const drill = await openOperation(system, { drill: true, clock });
    const shown = await system.ask('auditor', 'GET', `/v1/operations/${drill}/clock`);
    expect(String(shown.body['operation_time'])).toMatch(/^2017-09-2[78]T/);
    const real = await system.ask('coordinator', 'POST', '/v1/operations', {
      kind: 'evacuation',
      name: 'x',
      country: 'VUT',
      clock,
    });
    expect(real.status).toBe(400);
  });

  it('writes rules under a version that two people see', async () => {
    const operationId = await openOperation(system);
    const rules = await system.ask('coordinator', 'GET', `/v1/operations/${operationId}/rules`);
    const etag = String(rules.headers['etag']);
    const legs = { legs: [{ code: 'sea', needs: { nationality: false, document: false, exit_permit: true } }] };
    expect((await system.ask('coordinator', 'PUT', `/v1/operations/${operationId}/rules`, legs)).status).toBe(428);
    const written = await system.ask('coordinator', 'PUT', `/v1/operations/${operationId}/rules`, legs, {
      'if-match': etag,
    });
    expect(written.status).toBe(200);
    expect(written.body).toMatchObject({ version: 2, legs: [{ code: 'sea' }] });
    expect(
      (await system.ask('coordinator', 'PUT', `/v1/operations/${operationId}/rules`, legs, { 'if-match': etag }))
        .status,
    ).toBe(412);
  });

  it('reads and writes lengths of time in ISO 8601', async () => {
    const operationId = await openOperation(system, {
      rules: {
        deadlines: { consent_decision: { due: 'P2W', remind: null }, boarding: { due: 'PT90M', escalate: 'P1DT12H' } },
        consent_max_age: 'P90D',
      },
    });
    const { body } = await system.ask('coordinator', 'GET', `/v1/operations/${operationId}/rules`);
    expect(body['consent_max_age']).toBe('P90D');
    expect(body['deadlines']).toMatchObject({
      consent_decision: { due: 'P14D', remind: null },
      boarding: { due: 'PT1H30M', escalate: 'P1DT12H' },
      registry_answer: { due: 'P1D' },
    });
    const stored = await system.db.pool.query<{ due: string }>(
      "select jsonb_path_query_first(document, '$.**.consentDecision.due') as due from operation_rules where operation_id = $1",
      [operationId],
    );
    expect(stored.rows).toEqual([{ due: 14 * DAY }]);
  });

  it('refuses a length in another form with the form it asks for, and another value with those it allows', async () => {
    const refused = async (rules: object) =>
      (
        await system.ask('coordinator', 'POST', '/v1/operations', {
          kind: 'evacuation',
          name: 'Ambae',
          country: 'VUT',
          rules,
        })
      ).body['errors'];
    for (const length of ['30 days', 'P1M', 'P8000D'])
      expect(await refused({ consent_max_age: length }), length).toEqual([
        expect.objectContaining({ pointer: '/rules/consent_max_age', detail: expect.stringContaining('P') as string }),
      ]);
    expect(await refused({ consent_max_age: 86_400_000 })).toEqual([
      expect.objectContaining({ pointer: '/rules/consent_max_age', detail: expect.stringContaining('P30D') as string }),
    ]);
    const kind = await system.ask('coordinator', 'POST', '/v1/operations', { kind: 'x', name: 'A', country: 'VUT' });
    expect(kind.body['errors']).toEqual([
      {
        pointer: '/kind',
        code: 'invalid_value',
        detail: 'Allowed: evacuation, return.',
        allowed: ['evacuation', 'return'],
      },
    ]);
  });

  it('sends a command to its workflow with ids and codes alone, and says who may not', async () => {
    const operationId = await openOperation(system);
    const answer = await system.ask('operation_lead', 'POST', `/v1/operations/${operationId}/commands/activate`, {
      args: { government_request_ref: 'NOTE-1', leads: { protection: 'a', health: 'b', movement: 'c' } },
      note: 'Canaria said yes',
    });
    expect(answer.status).toBe(200);
    const sent = system.sent.at(-1);
    expect(sent).toMatchObject({
      workflowId: `operation:${operationId}`,
      name: 'activate',
      command: { actor: { role: 'operation_lead' }, args: { governmentRequestRef: 'NOTE-1' } },
    });
    expect(JSON.stringify(sent)).not.toContain('Canaria');
    expect(sent?.command.noteId).toMatch(/^note_/);
    expect(
      (
        await system.ask('protection_lead', 'POST', `/v1/operations/${operationId}/commands/activate`, {
          args: { government_request_ref: 'x', leads: {} },
        })
      ).status,
    ).toBe(403);
    expect(
      (await system.ask('coordinator', 'POST', `/v1/operations/${operationId}/commands/suspend`, { args: {} })).status,
    ).toBe(400);
  });

  it('hides operations in which one has no role, as if they were not there', async () => {
    const mine = await openOperation(system);
    const other = await openOperation(system);
    const token = await system.token([{ role: 'case_worker', operation: mine }]);
    const headers = { authorization: `Bearer ${token}` };
    expect((await system.inject({ method: 'GET', url: `/v1/operations/${mine}`, headers })).status).toBe(200);
    const hidden = await system.inject({ method: 'GET', url: `/v1/operations/${other}`, headers });
    const absent = await system.inject({ method: 'GET', url: `/v1/operations/${mine.slice(0, -3)}zzz`, headers });
    expect([hidden.status, absent.status]).toEqual([404, 404]);
    expect({ ...hidden.body, instance: '' }).toEqual({ ...absent.body, instance: '' });
    const { people } = await register(system, other);
    expect((await system.inject({ method: 'GET', url: `/v1/people/${people[0]?.personId}`, headers })).status).toBe(
      404,
    );
    const listed = await system.inject({ method: 'GET', url: '/v1/operations', headers });
    expect((listed.body['data'] as Array<{ id: string }>).map(({ id }) => id)).toEqual([mine]);
  });

  it('pages by a cursor that nothing slips through', async () => {
    const made = new Set<string>();
    for (let n = 0; n < 5; n++) made.add(await openOperation(system));
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor === '' ? '?limit=2' : `?limit=2&cursor=${cursor}`;
      const answer = await system.ask('coordinator', 'GET', `/v1/operations${query}`);
      seen.push(...(answer.body['data'] as Array<{ id: string }>).map(({ id }) => id));
      cursor = answer.body['next_cursor'] as string | null;
      expect(answer.body['has_more']).toBe(cursor !== null);
    }
    expect(new Set(seen).size).toBe(seen.length);
    for (const id of made) expect(seen).toContain(id);
    expect((await system.ask('coordinator', 'GET', '/v1/operations?cursor=bm9uc2Vuc2U')).status).toBe(400);
    expect((await system.ask('coordinator', 'GET', '/v1/operations?limit=0')).status).toBe(400);
  });

  it('does a keyed request once', async () => {
    const key = freshKey();
    const body = { kind: 'return', name: 'Once', country: 'LBY' };
    const first = await system.ask('coordinator', 'POST', '/v1/operations', body, { 'idempotency-key': key });
    const again = await system.ask(
      'coordinator',
      'POST',
      '/v1/operations',
      { country: 'LBY', name: 'Once', kind: 'return' },
      { 'idempotency-key': key },
    );
    expect(again.status).toBe(201);
    expect(again.body).toEqual(first.body);
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(again.headers['location']).toBe(first.headers['location']);
    const other = await system.ask(
      'coordinator',
      'POST',
      '/v1/operations',
      { ...body, name: 'Other' },
      { 'idempotency-key': key },
    );
    expect(other.status).toBe(422);
    const somebodyElse = await system.ask('operation_lead', 'POST', '/v1/operations', body, { 'idempotency-key': key });
    expect(somebodyElse.body['id']).not.toBe(first.body['id']);
    const { rows } = await system.db.pool.query("select count(*)::integer as n from operations where name = 'Once'");
    expect(rows[0].n).toBe(2);
  });
});
