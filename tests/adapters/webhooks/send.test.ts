import { createServer } from 'node:net';
import { Webhook } from 'standardwebhooks';
import type { buildConnector } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type Dial,
  dialChecked,
  type GuardedClient,
  openGuardedClient,
  retryAfterOf,
} from '../../../adapters/webhooks/client.ts';
import type { GuardSettings } from '../../../adapters/webhooks/guard.ts';
import { deliver } from '../../../adapters/webhooks/send.ts';
import { newEndpointSecret } from '../../../adapters/webhooks/signature.ts';
import { outcomeOf } from '../../../domain/webhooks/deliveries.ts';
import { openSink, type Sink } from './sink.ts';

const PUBLIC = '93.184.215.14';
const SECRET = newEndpointSecret();
const BODY = '{"type":"journey.verified","timestamp":"2026-11-25T00:00:00Z","data":{"journey_id":"jrn_x"}}';

let open: Array<{ stop(): Promise<void> }> = [];
afterEach(async () => {
  await Promise.all(open.map((part) => part.stop()));
  open = [];
});

async function sink(...answer: Parameters<typeof openSink>): Promise<Sink> {
  const made = await openSink(...answer);
  open.push(made);
  return made;
}

function client(settings: GuardSettings = { allowLoopback: true }, dial?: Dial): GuardedClient {
  const made = openGuardedClient(settings, dial);
  open.push({ stop: () => made.close() });
  return made;
}

const delivery = (url: string) => ({
  url,
  id: 'evt_1',
  timestamp: Math.floor(Date.now() / 1_000),
  body: BODY,
  secrets: [SECRET],
});

describe('a delivery', () => {
  test('arrives with the exact bytes, signed as the reference library verifies', async () => {
    const receiver = await sink((_request, response) => response.writeHead(204).end());
    const end = await deliver(delivery(`${receiver.url}/hooks`), client());
    expect(end).toEqual({ status: 204, ms: expect.any(Number) });
    const [seen] = receiver.seen;
    expect(seen).toMatchObject({
      method: 'POST',
      url: '/hooks',
      headers: { 'content-type': 'application/json', 'webhook-id': 'evt_1' },
    });
    expect(seen?.body.toString()).toBe(BODY);
    expect(new Webhook(SECRET).verify(seen?.body ?? '', (seen?.headers ?? {}) as Record<string, string>)).toEqual(
      JSON.parse(BODY),
    );
  });

  test.each([
    [200, 'delivered'],
    [301, 'retry'],
    [410, 'disable'],
    [429, 'throttle'],
    [500, 'retry'],
  ] as const)('answered %i is %s', async (status, outcome) => {
    const receiver = await sink((_request, response) => response.writeHead(status).end('what the receiver wrote'));
    const end = await deliver(delivery(receiver.url), client());
    expect(outcomeOf(end)).toBe(outcome);
    expect(JSON.stringify(end)).not.toContain('what the receiver wrote');
  });

  test('tells how long the receiver asks to wait', async () => {
    const receiver = await sink((_request, response) => response.writeHead(429, { 'retry-after': '120' }).end());
    expect(await deliver(delivery(receiver.url), client())).toMatchObject({ status: 429, retryAfter: 120_000 });
  });

  test('to nobody is a connection failure', async () => {
    const receiver = await sink();
    await receiver.stop();
    open = open.filter((part) => part !== receiver);
    expect(await deliver(delivery(receiver.url), client())).toMatchObject({
      failure: 'connection',
      detail: 'ECONNREFUSED',
    });
  });

  test('to a receiver that says nothing ends in time', async () => {
    const receiver = await sink(() => {});
    expect(await deliver(delivery(receiver.url), client(), 200)).toMatchObject({ failure: 'timeout' });
  });

  test('to a receiver that drips its headers ends in time', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.write('HTTP/1.1 200 OK\r\n');
      const drip = setInterval(() => socket.write('x-a: b\r\n'), 20);
      socket.on('close', () => clearInterval(drip));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    open.push({ stop: () => new Promise((resolve) => void server.close(() => resolve())) });
    const { port } = server.address() as { port: number };
    expect(await deliver(delivery(`http://127.0.0.1:${port}/`), client(), 300)).toMatchObject({ failure: 'timeout' });
  });

  test('is done with the status, however long or endless the answer is', async () => {
    const receiver = await sink((_request, response) => {
      response.writeHead(200);
      const pour = () => {
        while (response.write('x'.repeat(65_536)));
        response.once('drain', pour);
      };
      response.on('error', () => {});
      pour();
    });
    expect(await deliver(delivery(receiver.url), client())).toMatchObject({ status: 200 });
  });

  test('is not made with a body that is not thin, or without a secret', async () => {
    const receiver = await sink();
    const guarded = client();
    await expect(deliver({ ...delivery(receiver.url), body: 'x'.repeat(20_000) }, guarded)).rejects.toThrow(RangeError);
    await expect(deliver({ ...delivery(receiver.url), secrets: [] }, guarded)).rejects.toThrow(RangeError);
    expect(receiver.connections()).toBe(0);
  });
});

describe('the guard on the way out', () => {
  test('follows no redirect: the sink it points to sees no connection', async () => {
    const inner = await sink();
    for (const status of [301, 302, 303, 307, 308]) {
      const receiver = await sink((_request, response) => response.writeHead(status, { location: inner.url }).end());
      const end = await deliver(delivery(receiver.url), client());
      expect(end).toMatchObject({ status });
      expect(outcomeOf(end)).toBe('retry');
      expect(receiver.connections()).toBe(1);
    }
    expect(inner.connections()).toBe(0);
  });

  test('stands before every spelling of loopback when the local setting is off', async () => {
    const inner = await sink();
    const guarded = client({ resolve: async () => ['127.0.0.1'] });
    const { port } = inner;
    const hostile = [
      `http://127.0.0.1:${port}/`,
      `https://127.0.0.1:${port}/`,
      `https://2130706433:${port}/`,
      `https://[::ffff:127.0.0.1]:${port}/`,
      'https://127.0.0.1/',
      'https://2130706433/',
      'https://[::ffff:127.0.0.1]/',
      'https://partner.example.org/',
    ];
    for (const url of hostile)
      expect(await deliver(delivery(url), guarded)).toMatchObject({ failure: 'refused_by_guard' });
    expect(inner.connections()).toBe(0);
  });

  /** Records what would be connected to, and connects to nothing. */
  function recordingDial(): Dial & { dialled: string[][] } {
    const dialled: string[][] = [];
    const dial: Dial = (addresses) => (_options: buildConnector.Options, callback: buildConnector.Callback) => {
      dialled.push([...addresses]);
      callback(Object.assign(new Error('recorded'), { code: 'RECORDED' }), null);
    };
    return Object.assign(dial, { dialled });
  }

  test('resolves once and connects to what it checked, though the name changes meanwhile', async () => {
    const answers = [[PUBLIC], ['127.0.0.1']];
    let asked = 0;
    const resolve = async () => answers[Math.min(asked++, 1)] ?? [];
    const dial = recordingDial();
    const guarded = client({ resolve }, dial);

    expect(await deliver(delivery('https://partner.example.org/'), guarded)).toMatchObject({
      failure: 'connection',
      detail: 'RECORDED',
    });
    expect(dial.dialled).toEqual([[PUBLIC]]);
    expect(asked).toBe(1);

    // The name now leads inside: the next connection is refused before it is made.
    expect(await deliver(delivery('https://partner.example.org/'), guarded)).toMatchObject({
      failure: 'refused_by_guard',
      detail: 'not_a_public_address',
    });
    expect(dial.dialled).toHaveLength(1);
  });

  test('hands the socket the checked address, not the name: a name that resolves nowhere else still arrives', async () => {
    // The real dialler, with the checked address being loopback: what the name itself resolves to plays no part.
    const receiver = await sink();
    const connect = dialChecked(['127.0.0.1']);
    const remote = await new Promise<string | undefined>((resolve, reject) => {
      const options = {
        hostname: 'partner.example.invalid',
        host: 'partner.example.invalid',
        protocol: 'http:',
        port: String(receiver.port),
      };
      connect(options, (error, socket) => {
        if (error) return reject(error);
        resolve(socket?.remoteAddress);
        socket?.destroy();
      });
    });
    expect(remote).toBe('127.0.0.1');
    expect(receiver.connections()).toBe(1);
  });
});

describe('Retry-After', () => {
  const now = Date.parse('2026-11-25T00:00:00Z');
  test.each<[string | string[] | undefined, number | undefined]>([
    ['0', 0],
    ['120', 120_000],
    ['Wed, 25 Nov 2026 00:01:00 GMT', 60_000],
    ['Wed, 25 Nov 2026 00:00:00 GMT', 0],
    ['Tue, 24 Nov 2026 00:00:00 GMT', 0],
    ['soon', undefined],
    ['-5', undefined],
    ['99999999999999999999', undefined],
    [['1', '2'], undefined],
    [undefined, undefined],
  ])('%s is %s ms', (value, expected) => {
    expect(retryAfterOf({ 'retry-after': value }, now)).toBe(expected);
  });
});
