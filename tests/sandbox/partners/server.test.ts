import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type StandInPartners, startPartners } from '../../../sandbox/partners/server.ts';

const SECRET = `whsec_${Buffer.from('a secret of a consulate, 32 byte').toString('base64')}`;
const STARTS = '2017-09-28T07:00:00.000Z';
/** in ambae-2017: undetermined by its own State after 2.4 h, confirmed by SLB after 1.4 h */
const PERSON = 'NDU-89281';
/** in ambae-2017: more_info after 2.5 h, then confirmed after 1.3 h */
const ASKED_FOR_MORE = 'NDU-34559';

type Callback = {
  id: string;
  body: { type: string; data: Record<string, unknown>; occurred_at: string; request_id?: string };
};

let dataDir: string;
let sink: Server;
let sinkUrl: string;
let seen: Callback[];
let sinkStatus: number;
let partners: StandInPartners;

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'partners-'));
  seen = [];
  sinkStatus = 202;
  sink = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const raw = Buffer.concat(pieces).toString('utf8');
      // throws, and so answers nothing good, where the signature is not the partner's
      new Webhook(SECRET).verify(raw, request.headers as Record<string, string>);
      if (sinkStatus < 300)
        seen.push({ id: String(request.headers['webhook-id']), body: JSON.parse(raw) as Callback['body'] });
      response.writeHead(sinkStatus).end();
    });
  });
  await new Promise<void>((done) => sink.listen(0, '127.0.0.1', done));
  sinkUrl = `http://127.0.0.1:${(sink.address() as AddressInfo).port}/v1/callbacks/par_1`;
  partners = await startPartners({ port: 0, dataDir });
  await open();
});

afterEach(async () => {
  await partners.stop();
  sink.closeAllConnections();
  await new Promise((done) => sink.close(done));
  rmSync(dataDir, { recursive: true, force: true });
});

/** An operation of which an hour passes in 50 ms. */
async function open(): Promise<void> {
  const partner = (path: string, kind: string, state?: string) => ({
    path,
    kind,
    partner_id: 'par_1',
    secret: SECRET,
    ...(state ? { state } : {}),
  });
  await post('/drills', {
    id: 'd1',
    operation: 'op_1',
    scenario_dir: fileURLToPath(new URL('../../../sandbox/scenarioData/ambae-2017', import.meta.url)),
    clock: [{ from_operation_time: STARTS, from_real_time: new Date().toISOString(), seconds_per_day: 1.2 }],
    partners: [
      partner('consulates/VUT', 'consulate', 'VUT'),
      partner('consulates/SLB', 'consulate', 'SLB'),
      partner('registry', 'registry'),
      partner('clinic', 'clinic'),
      partner('carriers/C1', 'carrier'),
    ],
  });
}

async function post(
  path: string,
  body: object,
  secret?: string,
): Promise<{ status: number; body: Record<string, unknown> }> {
  return call('POST', path, JSON.stringify(body), secret);
}

async function call(method: string, path: string, raw: string | undefined, secret?: string) {
  const now = new Date();
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (secret) {
    headers['webhook-id'] = 'msg_1';
    headers['webhook-timestamp'] = String(Math.floor(now.getTime() / 1000));
    headers['webhook-signature'] = new Webhook(secret).sign('msg_1', now, raw ?? '');
  }
  const response = await fetch(`${partners.url}${path}`, {
    method,
    headers,
    ...(raw === undefined ? {} : { body: raw }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

function request(requestId: string, kind: string, person: string, different: object = {}) {
  return {
    request_id: requestId,
    kind,
    operation: 'op_1',
    requested_at: STARTS,
    person: { reference: person, given_names: 'A', family_name: 'B' },
    reply_to: sinkUrl,
    ...different,
  };
}

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !holds(); i++) await new Promise((go) => setTimeout(go, 20));
  expect(holds()).toBe(true);
}

const types = () => seen.map(({ body }) => body.type);

test('a request is acknowledged and answered by signed callbacks in order', async () => {
  expect(
    await post('/drills/d1/consulates/VUT/requests', request('req_a', 'verification', PERSON), SECRET),
  ).toMatchObject({ status: 202 });
  await until(() => seen.length === 2);
  expect(types()).toEqual(['verification.acknowledged', 'verification.answered']);
  expect(seen[1]?.body).toMatchObject({
    request_id: 'req_a',
    data: { outcome: 'undetermined' },
    occurred_at: '2017-09-28T09:24:00.000Z',
  });
});

test('the registry answers at once', async () => {
  expect(await post('/drills/d1/registry/requests', request('req_r', 'registry', PERSON), SECRET)).toMatchObject({
    status: 200,
    body: { answer: { outcome: 'match' } },
  });
});

test('the same request again is answered the same and asked once', async () => {
  const body = request('req_a', 'verification', PERSON);
  await post('/drills/d1/consulates/VUT/requests', body, SECRET);
  expect(await post('/drills/d1/consulates/VUT/requests', body, SECRET)).toMatchObject({
    status: 409,
    body: { acknowledged: false, status: 'received' },
  });
  const { body: ledger } = await call('GET', '/ledger?drill=d1', undefined);
  expect(ledger['data']).toMatchObject([
    { request_id: 'req_a', person_ref: PERSON, fields: ['reference', 'given_names', 'family_name'] },
  ]);
  await until(() => seen.length >= 2);
  await new Promise((go) => setTimeout(go, 100));
  expect(seen).toHaveLength(2);
});

test('a request without the right signature is refused and leaves no trace', async () => {
  const forged = `whsec_${Buffer.from('another secret, as long as that!').toString('base64')}`;
  expect(
    await post('/drills/d1/consulates/VUT/requests', request('req_a', 'verification', PERSON), forged),
  ).toMatchObject({ status: 401 });
  expect(await post('/drills/d1/consulates/VUT/requests', request('req_a', 'verification', PERSON))).toMatchObject({
    status: 401,
  });
  expect((await call('GET', '/ledger?drill=d1', undefined)).body['data']).toEqual([]);
});

test('a reply address off this machine is refused', async () => {
  const body = request('req_a', 'verification', PERSON, { reply_to: 'http://192.0.2.1/v1/callbacks/par_1' });
  expect(await post('/drills/d1/consulates/VUT/requests', body, SECRET)).toMatchObject({ status: 400 });
});

test('evidence brings the answer, once, however often it is sent', async () => {
  await post('/drills/d1/consulates/VUT/requests', request('req_m', 'verification', ASKED_FOR_MORE), SECRET);
  await until(() => types().includes('verification.more_info'));
  await post('/drills/d1/consulates/VUT/requests/req_m/evidence', { kinds: ['SCHOOL_RECORD'] }, SECRET);
  await post('/drills/d1/consulates/VUT/requests/req_m/evidence', { kinds: ['SCHOOL_RECORD'] }, SECRET);
  await until(() => types().includes('verification.answered'));
  await new Promise((go) => setTimeout(go, 150));
  expect(types().filter((type) => type === 'verification.answered')).toHaveLength(1);
});

test('what is recalled is not answered', async () => {
  await post('/drills/d1/consulates/VUT/requests', request('req_a', 'verification', PERSON), SECRET);
  await post('/drills/d1/consulates/VUT/requests/req_a/recall', {}, SECRET);
  await new Promise((go) => setTimeout(go, 300));
  // an acknowledgement may have crossed the recall; an answer never comes
  expect(types()).not.toContain('verification.answered');
  expect(await call('GET', '/drills/d1/consulates/VUT/requests/req_a', undefined, SECRET)).toMatchObject({
    body: { status: 'recalled' },
  });
});

test('after a restart, with its last line cut off, the rest is still said, and nothing again', async () => {
  await post('/drills/d1/consulates/VUT/requests', request('req_a', 'verification', PERSON), SECRET);
  // taken by the system, and known to be: what a partner does not know to be taken it says again
  await until(() => readFileSync(join(dataDir, 'partners.jsonl'), 'utf8').includes('"type":"delivered"'));
  await partners.stop();
  appendFileSync(join(dataDir, 'partners.jsonl'), '{"type":"asked","drill":"d1","asked":{"requ');
  partners = await startPartners({ port: 0, dataDir });
  await until(() => seen.length === 2);
  expect(types()).toEqual(['verification.acknowledged', 'verification.answered']);
  expect(await call('GET', '/drills/d1/consulates/VUT/requests/req_a', undefined, SECRET)).toMatchObject({
    status: 202,
  });
});

test('a callback is tried until the system takes it', async () => {
  sinkStatus = 503;
  await post('/drills/d1/clinic/requests', request('req_f', 'fitness', PERSON), SECRET);
  await new Promise((go) => setTimeout(go, 200));
  expect(seen).toEqual([]);
  sinkStatus = 202;
  await until(() => seen.length === 1);
});

test('knobs: down, refusing and saying everything twice', async () => {
  await post('/knobs', { drill: 'd1', partner: 'clinic', down: true });
  expect(await post('/drills/d1/clinic/requests', request('req_1', 'fitness', PERSON), SECRET)).toMatchObject({
    status: 503,
  });
  await post('/knobs', { drill: 'd1', partner: 'clinic', refuse: 'not_ours' });
  expect(await post('/drills/d1/clinic/requests', request('req_2', 'fitness', PERSON), SECRET)).toMatchObject({
    status: 422,
    body: { code: 'not_ours' },
  });
  await post('/knobs', { drill: 'd1', partner: 'clinic', twice: true });
  await post('/drills/d1/clinic/requests', request('req_3', 'fitness', PERSON), SECRET);
  await until(() => seen.length === 2);
  expect(seen[0]).toEqual(seen[1]);
});

test('a booked ship changes, and leaves once staff are ready', async () => {
  const movement = { reference: 'MV-AMB-002', departs_at: '2017-09-29T21:00:00Z', arrives_at: '2017-09-30T04:00:00Z' };
  await post(
    '/drills/d1/carriers/C1/requests',
    { request_id: 'req_b', kind: 'booking', operation: 'op_1', requested_at: STARTS, movement, reply_to: sinkUrl },
    SECRET,
  );
  await until(() => types().includes('booking.confirmed'));
  await until(() => types().includes('movement.smaller_vehicle'));
  expect(seen.at(-1)?.body).toMatchObject({ movement_reference: 'MV-AMB-002', data: { seats: { seat: 180 } } });
  await post('/drills/d1/movements/MV-AMB-002/ready', {});
  await post('/drills/d1/movements/MV-AMB-002/ready', {});
  await until(() => types().includes('movement.arrived'));
  expect(types().filter((type) => type.startsWith('movement.'))).toEqual([
    'movement.smaller_vehicle',
    'movement.departed',
    'movement.arrived',
  ]);
});
