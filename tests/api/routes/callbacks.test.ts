import Fastify, { type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { secretBox } from '../../../adapters/crypto/envelope.ts';
import { callbacksOn } from '../../../adapters/partners/protocol.ts';
import { newEndpointSecret } from '../../../adapters/webhooks/signature.ts';
import { problems } from '../../../api/plugins/problems.ts';
import { callbacks } from '../../../api/routes/callbacks.ts';
import { newId } from '../../../application/ids.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { testKeyring } from '../../support/keyring.ts';
import { insertOperation, insertPartner } from '../../support/systemRows.ts';

let database: TestDatabase;
let app: FastifyInstance;
let box: ReturnType<typeof secretBox>;
let partnerId: string;
let secret: string;
let now = Date.now();

beforeAll(async () => {
  database = await testDatabase();
  box = secretBox(await testKeyring());
  app = Fastify({ logger: false });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  await app.register(problems);
  await app.register(callbacks, { ports: callbacksOn(database.pool, box, () => now) });
});
afterAll(async () => {
  await app.close();
  await database.drop();
});
beforeEach(async () => {
  now = Date.now();
  await database.owner.query('truncate inbox, alarms');
  partnerId = await insertPartner(database.pool, await insertOperation(database.pool), {
    kind: 'consulate',
    state: 'VUT',
  });
  secret = newEndpointSecret();
  await keepSecrets(partnerId, [secret]);
});

async function keepSecrets(id: string, secrets: string[]): Promise<void> {
  const { encrypted, keyId } = box.encrypt(id, secrets);
  await database.pool.query('update partners set secrets = $2, key_id = $3 where id = $1', [id, encrypted, keyId]);
}

type Options = { to?: string; signWith?: string; at?: number; headers?: Record<string, string>; type?: string };

function post(
  body: unknown,
  { to = partnerId, signWith = secret, at = now, headers, type = 'application/json' }: Options = {},
) {
  const payload = typeof body === 'string' ? body : JSON.stringify(body);
  const id = 'msg_1';
  const signature = new Webhook(signWith).sign(id, new Date(at), payload);
  return app.inject({
    method: 'POST',
    url: `/v1/callbacks/${to}`,
    payload,
    headers: {
      'content-type': type,
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at / 1_000)),
      'webhook-signature': signature,
      ...headers,
    },
  });
}

const answered = (over: Record<string, unknown> = {}) => ({
  event_id: newId('event'),
  request_id: newId('request'),
  type: 'verification.answered',
  occurred_at: '2026-06-01T12:00:00+11:00',
  data: { outcome: 'confirmed' },
  ...over,
});

const inbox = async () =>
  (await database.pool.query('select partner_id, event_id, kind, request_id, body, occurred_at, status from inbox'))
    .rows;
const alarms = async () => (await database.pool.query('select subject, kind, detail from alarms')).rows;

describe('callbacks', () => {
  it('takes a signed callback in, once, and answers the same the second time', async () => {
    const body = answered();
    expect((await post(body)).statusCode).toBe(202);
    const again = await post(body);
    expect([again.statusCode, again.json()]).toEqual([202, { status: 'received' }]);
    expect(await inbox()).toMatchObject([
      {
        partner_id: partnerId,
        event_id: body.event_id,
        kind: 'verification.answered',
        request_id: body.request_id,
        occurred_at: new Date('2026-06-01T01:00:00Z'),
        status: 'received',
        body: { callback: { type: 'verification.answered', data: { outcome: 'confirmed' } } },
      },
    ]);
  });

  it('refuses what is forged, changed on the way, or signed by somebody else: an alarm, and nothing else', async () => {
    const body = answered();
    const forged = await post(body, { signWith: newEndpointSecret() });
    expect(forged.statusCode).toBe(401);
    expect(forged.json()).toMatchObject({ code: 'signature_refused' });
    const changed = await post(body, { headers: { 'webhook-id': 'msg_2' } });
    expect(changed.statusCode).toBe(401);
    const unsigned = await post(body, { headers: { 'webhook-signature': '' } });
    expect(unsigned.statusCode).toBe(401);
    expect(await inbox()).toEqual([]);
    expect(await alarms()).toEqual([{ subject: partnerId, kind: 'forged_callback', detail: { fault: 'no_match' } }]);
  });

  it.each([
    [301, 401],
    [299, 202],
    [-299, 202],
    [-301, 401],
  ])('accepts five minutes of difference and no more (%i s old)', async (age, status) => {
    now = Math.floor(Date.now() / 1_000) * 1_000;
    expect((await post(answered(), { at: now - age * 1_000 })).statusCode).toBe(status);
  });

  it('accepts the old and the new secret while one is being replaced, and only the new one afterwards', async () => {
    const fresh = newEndpointSecret();
    await keepSecrets(partnerId, [fresh, secret]);
    expect((await post(answered())).statusCode).toBe(202);
    expect((await post(answered(), { signWith: fresh })).statusCode).toBe(202);
    await keepSecrets(partnerId, [fresh]);
    expect((await post(answered())).statusCode).toBe(401);
  });

  it('answers for an unknown partner as for a wrong signature, and raises nothing', async () => {
    const unknown = await post(answered(), { to: newId('partner') });
    const wrong = await post(answered(), { signWith: newEndpointSecret() });
    const { instance: _a, ...one } = unknown.json();
    const { instance: _b, ...other } = wrong.json();
    expect(one).toEqual(other);
    expect(await alarms()).toHaveLength(1);
    expect((await post(answered(), { to: 'par_nobody' })).statusCode).toBe(400);
  });

  it.each([
    ['an unknown field', { extra: 'Canaria Leakproof' }],
    ['an unknown field in data', { data: { outcome: 'confirmed', name: 'Canaria Leakproof' } }],
    ['an unknown type', { type: 'verification.guessed' }],
    ['an outcome that is none', { data: { outcome: 'Canaria Leakproof' } }],
    ['no request', { request_id: undefined }],
    ['a time that is none', { occurred_at: 'Canaria Leakproof' }],
    ['free text as a reason', { type: 'booking.refused', data: { reason: 'Canaria Leakproof is ill' } }],
    ['fit without an end', { type: 'fitness.answered', data: { result: 'fit', examined_at: '2026-06-01T12:00:00Z' } }],
    [
      'too many evidence kinds',
      { type: 'verification.more_info', data: { requested_evidence: Array.from({ length: 21 }, () => 'X') } },
    ],
  ])('refuses %s, without repeating what came', async (_name, over) => {
    const response = await post(answered(over));
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({ code: 'invalid_request' });
    expect(response.body).not.toContain('Canaria');
    expect(await inbox()).toEqual([]);
  });

  it('refuses broken JSON, other content and what is too large', async () => {
    const broken = await post('{"name": "Canaria');
    expect([broken.statusCode, broken.json().code]).toEqual([400, 'malformed_json']);
    expect(broken.body).not.toContain('Canaria');
    expect((await post(answered(), { type: 'text/plain' })).statusCode).toBe(415);
    expect((await post('x'.repeat(20_000))).statusCode).toBe(413);
  });

  it('never keeps a document’s number as text', async () => {
    const body = answered({
      type: 'document.issued',
      data: { number: 'VU9988776', valid_until: '2027-01-31', kind: 'LAISSEZ_PASSER' },
    });
    expect((await post(body)).statusCode).toBe(202);
    const [row] = await inbox();
    expect(JSON.stringify(row)).not.toContain('VU9988776');
    expect(row.body.callback.data).toEqual({ kind: 'LAISSEZ_PASSER', validUntil: Date.parse('2027-01-31T23:59:59Z') });
    const { keyId, encrypted } = row.body.encryptedNumber;
    expect(box.open(`${partnerId}:${body.event_id}`, { keyId, encrypted: Buffer.from(encrypted, 'base64') })).toEqual([
      'VU9988776',
    ]);
  });

  it.each([
    ['verification.acknowledged', undefined],
    ['verification.more_info', { requested_evidence: ['INTERVIEW'] }],
    ['verification.retracted', {}],
    ['document.refused', undefined],
    [
      'fitness.answered',
      { result: 'fit_with', conditions: ['WHEELCHAIR'], valid_for: 'PT72H', examined_at: '2026-06-01T12:00:00Z' },
    ],
    ['fitness.answered', { result: 'unfit', review_after: 'P1D', examined_at: '2026-06-01T12:00:00Z' }],
    ['exit_permit.answered', { answer: 'granted', fine_waived: true }],
    ['exit_permit.answered', { answer: 'refused', reason: 'COURT_CASE' }],
    ['booking.confirmed', { booking_reference: 'BK-1/2' }],
    [
      'movement.smaller_vehicle',
      { vehicle: 'Dash 8', seats: { seat: 30, infant_lap: 2, stretcher_block: 0, wheelchair: 1 } },
    ],
    ['movement.delayed', { new_departs_at: '2026-06-01T12:00:00Z', new_arrives_at: '2026-06-01T18:00:00Z' }],
    ['movement.cancelled', { reason: 'STORM' }],
    ['movement.departed', undefined],
    ['movement.arrived', { stop: 'SAN' }],
  ])('knows %s', async (type, data) => {
    expect((await post(answered({ type, data }))).statusCode).toBe(202);
    expect(await inbox()).toMatchObject([{ kind: type, body: { callback: { type } } }]);
  });
});
