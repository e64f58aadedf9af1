import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, freshKey, openOperation, type TestSystem, testSystem } from './system.ts';

/** A key answers its own question, of its own caller, and no other. */
let system: TestSystem;
beforeAll(async () => {
  system = await testSystem();
});
afterAll(() => system.close());

const OPERATION = { kind: 'return', name: 'Keyed', country: 'LBY' };
const post = (url: string, body: unknown, key: string, role = 'coordinator'): Promise<Answer> =>
  system.ask(role, 'POST', url, body, { 'idempotency-key': key });

async function operationsNamed(name: string): Promise<number> {
  const { rows } = await system.db.pool.query('select count(*)::int as n from operations where name = $1', [name]);
  return rows[0].n;
}

describe('a key', () => {
  it('of two callers is two keys, and nobody gets the other’s answer', async () => {
    const key = freshKey();
    const mine = await post('/v1/operations', OPERATION, key);
    const theirs = await post('/v1/operations', OPERATION, key, 'operation_lead');
    expect([mine.status, theirs.status]).toEqual([201, 201]);
    expect(theirs.body['id']).not.toBe(mine.body['id']);
    expect(theirs.headers['idempotent-replayed']).toBeUndefined();
  });

  it('on two routes is two keys', async () => {
    const key = freshKey();
    const [one, other] = [await openOperation(system), await openOperation(system)];
    const household = { members: [], note: 'x' };
    const first = await post(`/v1/operations/${one}/households`, household, key);
    const second = await post(`/v1/operations/${other}/households`, household, key);
    expect(second.headers['idempotent-replayed']).toBeUndefined();
    expect([first.status, second.status]).toEqual([400, 400]);
    expect((await post('/v1/operations', { ...OPERATION, name: 'Another route' }, key)).status).toBe(201);
  });

  it('is free again after a body that could not be read: corrected, it is done', async () => {
    const key = freshKey();
    const broken = { ...OPERATION, name: 'Corrected', country: 'nowhere' };
    expect((await post('/v1/operations', broken, key)).status).toBe(400);
    expect((await post('/v1/operations', { ...broken, country: 'LBY' }, key)).status).toBe(201);
    expect(await operationsNamed('Corrected')).toBe(1);
  });

  it('with the same meaning in another order is the same request, however deep', async () => {
    const key = freshKey();
    const sites = [{ name: 'Hall B' }];
    const sectors = [{ code: 'transport', planned: 3 }];
    const first = await post('/v1/operations', { ...OPERATION, name: 'Deep', sites, sectors }, key);
    const again = await post(
      '/v1/operations',
      { sectors: [{ planned: 3, code: 'transport' }], sites, country: 'LBY', kind: 'return', name: 'Deep' },
      key,
    );
    expect(first.status).toBe(201);
    expect(again.body).toEqual(first.body);
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(await operationsNamed('Deep')).toBe(1);
  });

  it('sent many times at once is done once: the others are told to come back, or get its answer', async () => {
    const key = freshKey();
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => post('/v1/operations', { ...OPERATION, name: 'At once' }, key)),
    );
    const made = answers.filter(({ status }) => status === 201);
    expect(new Set(made.map(({ body }) => body['id'])).size).toBe(1);
    for (const { status, body, headers } of answers.filter((answer) => answer.status !== 201)) {
      expect({ status, code: body['code'] }).toEqual({ status: 409, code: 'idempotency_key_running' });
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    }
    expect(made.filter(({ headers }) => headers['idempotent-replayed'] === undefined)).toHaveLength(1);
    expect(await operationsNamed('At once')).toBe(1);
  });

  it('of another body is refused, and changes nothing', async () => {
    const key = freshKey();
    expect((await post('/v1/operations', { ...OPERATION, name: 'Body' }, key)).status).toBe(201);
    const other = await post('/v1/operations', { ...OPERATION, name: 'Other body' }, key);
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
    expect(await operationsNamed('Other body')).toBe(0);
  });

  it('of a request that the database could not take is not kept: sent again, it is done', async () => {
    const key = freshKey();
    const { owner } = system.db;
    // the table cannot be written for a moment, as in a database that is being switched over
    await owner.query('alter table operations add constraint away check (name <> $$Away$$) not valid');
    const first = await post('/v1/operations', { ...OPERATION, name: 'Away' }, key);
    await owner.query('alter table operations drop constraint away');
    expect(first.status).toBeGreaterThanOrEqual(500);
    const again = await post('/v1/operations', { ...OPERATION, name: 'Away' }, key);
    expect(again.status).toBe(201);
    expect(again.headers['idempotent-replayed']).toBeUndefined();
    expect(await operationsNamed('Away')).toBe(1);
  });
});
