import type { RequestListener } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { type Call, type CallAnswer, guardedFetch } from '../../../adapters/partners/protocol.ts';
import { openGuardedClient } from '../../../adapters/webhooks/client.ts';
import { openSink, type Sink } from '../webhooks/sink.ts';

let open: Array<() => Promise<void>> = [];
afterEach(async () => {
  await Promise.all(open.map((stop) => stop()));
  open = [];
});

/** A partner that answers so, and a call to it. */
async function partner(
  answer: RequestListener,
): Promise<{ sink: Sink; call(more?: Partial<Call>): Promise<CallAnswer> }> {
  const sink = await openSink(answer);
  const client = openGuardedClient({ allowLoopback: true });
  open.push(sink.stop, client.close);
  const fetch = guardedFetch(client);
  return { sink, call: (more = {}) => fetch({ method: 'GET', url: `${sink.url}/requests/req_1`, ...more }) };
}

const json = (status: number, body: string | Buffer, headers: Record<string, string> = {}): RequestListener => {
  return (_request, response) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
};

/** The address of a receiver that never answers. */
async function silent(connected: (socket: Socket) => void): Promise<string> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined));
    connected(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/requests`;
}

describe('a call', () => {
  test('sends JSON as given and gives the JSON that came', async () => {
    const { sink, call } = await partner(json(202, '{"reference":"A-1"}'));
    const answer = await call({ method: 'POST', body: '{"a": 1}', headers: { 'webhook-id': 'req_1' } });
    expect(answer).toEqual({ ok: true, status: 202, body: { reference: 'A-1' } });
    expect(sink.seen[0]).toMatchObject({
      method: 'POST',
      headers: { 'content-type': 'application/json', 'webhook-id': 'req_1' },
    });
    expect(sink.seen[0]?.body.toString()).toBe('{"a": 1}');
  });

  test('writes nothing before the last question has let it, and throws on what it throws', async () => {
    const bytes: Buffer[] = [];
    let connections = 0;
    const url = await silent((socket) => {
      connections += 1;
      socket.on('data', (data) => void bytes.push(data));
    });
    const client = openGuardedClient({ allowLoopback: true });
    open.push(client.close);
    const refused = new Error('a hold was raised');
    let asked = false;
    const lastQuestion = async () => {
      await expect.poll(() => connections).toBe(1);
      asked = true;
      throw refused;
    };
    const call: Call = { method: 'POST', url, body: '{"person":1}', lastQuestion };
    await expect(guardedFetch(client)(call)).rejects.toBe(refused);
    expect(asked).toBe(true);
    await pause(50);
    expect(Buffer.concat(bytes).toString()).toBe('');
  });

  test('lets go of who asked the last question, though the receiver never reads and never answers', async () => {
    const url = await silent((socket) => void socket.pause());
    const client = openGuardedClient({ allowLoopback: true });
    open.push(client.close);
    const order: string[] = [];
    const lastQuestion = async (hand: () => Promise<void>) => {
      await hand();
      order.push('handed');
    };
    // More than the buffers of both sockets hold.
    const body = 'x'.repeat(32 * 1024 * 1024);
    const answer = await guardedFetch(client)({ method: 'POST', url, body, lastQuestion, timeoutMs: 5_000 });
    order.push('given up');
    expect(answer).toMatchObject({ ok: false, failure: { kind: 'timeout', sent: true } });
    expect(order).toEqual(['handed', 'given up']);
  });

  test('without an answer body is fine', async () => {
    const { call } = await partner((_request, response) => response.writeHead(204).end());
    expect(await call()).toEqual({ ok: true, status: 204, body: undefined });
  });

  test('of many at once are all answered', async () => {
    const { call } = await partner(json(200, '{}'));
    const answers = await Promise.all(Array.from({ length: 60 }, () => call()));
    expect(answers.every(({ ok }) => ok)).toBe(true);
  });
});

describe('a partner that misbehaves is a typed failure', () => {
  const failing: Array<[string, RequestListener, object, Partial<Call>?]> = [
    [
      'another status, with what it said',
      json(409, '{"code":"known"}'),
      { kind: 'status', status: 409, sent: true, body: { code: 'known' } },
    ],
    [
      'a status that asks to wait',
      json(429, '', { 'retry-after': '3' }),
      { kind: 'status', status: 429, sent: true, retryAfter: 3_000 },
    ],
    ['a status with HTML', json(500, '<html>'), { kind: 'status', status: 500, sent: true, body: undefined }],
    ['a redirect', json(302, '', { location: 'http://127.0.0.1:1/' }), { kind: 'status', status: 302, sent: true }],
    ['HTML', json(200, '<html></html>'), { kind: 'malformed', status: 200, sent: true, fault: 'not_json' }],
    ['broken JSON', json(200, '{"a":'), { kind: 'malformed', status: 200, sent: true, fault: 'not_json' }],
    [
      'bytes that are no UTF-8',
      json(200, Buffer.from([0x22, 0xff, 0x22])),
      { kind: 'malformed', status: 200, sent: true, fault: 'not_json' },
    ],
    [
      'ten megabytes',
      json(200, Buffer.alloc(10_000_000, ' ')),
      { kind: 'malformed', status: 200, sent: true, fault: 'too_large' },
    ],
    [
      'ten megabytes with another status',
      json(500, Buffer.alloc(10_000_000, ' ')),
      { kind: 'status', status: 500, sent: true, body: undefined },
    ],
    [
      'compressed content nobody asked for',
      json(200, Buffer.from([0x1f, 0x8b, 0x08]), { 'content-encoding': 'gzip' }),
      { kind: 'malformed', status: 200, sent: true, fault: 'not_json' },
    ],
    ['silence', () => {}, { kind: 'timeout', sent: true }, { timeoutMs: 150 }],
    [
      'silence after half an answer',
      (_request, response) => void response.writeHead(200).write('{"a":'),
      { kind: 'timeout', sent: true },
      { timeoutMs: 150 },
    ],
    [
      'a connection cut before the answer',
      (request) => void request.socket.destroy(),
      { kind: 'connection', sent: true },
    ],
    [
      'a connection cut within the answer',
      (request, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{"a":', () => request.socket.destroy());
      },
      { kind: 'connection', sent: true },
    ],
    [
      'headers without end',
      (_request, response) => void response.writeHead(200, { 'x-long': 'x'.repeat(40_000) }).end('{}'),
      { kind: 'connection', sent: true },
    ],
  ];
  test.each(failing)('%s', async (_name, listener, failure, more) => {
    const { call } = await partner(listener);
    expect(await call(more)).toMatchObject({ ok: false, failure });
  });

  test('the next call after each of them is answered', async () => {
    let count = 0;
    const { call } = await partner((request, response) => {
      count++;
      if (count === 1) request.socket.destroy();
      else if (count === 2) response.writeHead(200).end(Buffer.alloc(1_000_000));
      else response.writeHead(200).end('{}');
    });
    expect((await call()).ok).toBe(false);
    expect((await call()).ok).toBe(false);
    expect(await call()).toMatchObject({ ok: true });
  });

  test('nobody there: it was not sent', async () => {
    const { sink, call } = await partner(json(200, '{}'));
    await sink.stop();
    expect(await call()).toMatchObject({
      ok: false,
      failure: { kind: 'connection', sent: false, code: 'ECONNREFUSED' },
    });
    open = open.filter((stop) => stop !== sink.stop);
  });

  test('an address the guard refuses: it was not sent', async () => {
    const { sink, call } = await partner(json(200, '{}'));
    expect(await call({ url: `http://localhost:${sink.port}/` })).toEqual({
      ok: false,
      failure: { kind: 'refused_by_guard', reason: 'not_https', sent: false },
    });
    expect(sink.connections()).toBe(0);
  });
});
