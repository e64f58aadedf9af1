import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openOperation, record, register, STARTED, type TestSystem, testSystem } from './system.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await testSystem({ perMinute: 20 });
});
afterAll(() => system.close());

describe('what stands before everything', () => {
  it('tells health without a token, over a real socket, with its request id and strict headers', async () => {
    const address = await system.app.listen({ host: '127.0.0.1', port: 0 });
    const live = await fetch(`${address}/livez`);
    expect(await live.json()).toEqual({ status: 'ok' });
    expect(live.headers.get('x-request-id')).toMatch(/^req_/);
    expect(live.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(live.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await (await fetch(`${address}/readyz`)).json()).toEqual({
      status: 'ready',
      database: true,
      temporal: true,
    });
    const docs = await fetch(`${address}/docs`);
    expect(docs.status).toBe(200);
    expect(docs.headers.get('content-security-policy')).not.toContain('unsafe');
    expect((await fetch(`${address}/problems/command_refused`)).headers.get('content-type')).toContain('text/html');
    expect((await fetch(`${address}/problems/none`)).status).toBe(404);
    const ours = await fetch(`${address}/livez`, { headers: { 'x-request-id': 'forged' } });
    expect(ours.headers.get('x-request-id')).not.toBe('forged');
  });

  it('answers whoever sends too much, though they read it only when they have sent it, and then hangs up', async () => {
    const address = new URL(system.app.listeningOrigin);
    const token = await system.token('coordinator');
    for (const [bytes, connection] of [
      [3_000_000, 'keep-alive'],
      [3_000_001, 'close'],
    ] as const) {
      const caller = connect(Number(address.port), address.hostname);
      caller.pause();
      caller.write(
        `POST /v1/operations HTTP/1.1\r\nhost: ${address.host}\r\nconnection: ${connection}\r\nauthorization: Bearer ${token}\r\n` +
          `content-type: application/json\r\nidempotency-key: k-${bytes}\r\ncontent-length: ${bytes * 2}\r\n\r\n`,
      );
      const piece = Buffer.alloc(100_000, 0x20);
      for (let sent = 0; sent < bytes; sent += piece.length) {
        caller.write(piece);
        await pause(1);
      }
      const begun = performance.now();
      const answer = await text(caller);
      expect(answer).toMatch(/^HTTP\/1.1 413 /);
      expect(answer).toContain('body_too_large');
      expect(performance.now() - begun).toBeLessThan(10_000);
    }
  });

  it('measures who waits, by status and kind of partner, and requests by route', async () => {
    const operationId = await openOperation(system);
    const { people } = await register(system, operationId);
    const journeyId = people[0]?.journeyId ?? '';
    await record(
      system,
      journeyId,
      operationId,
      [STARTED],
      [
        {
          key: 'screening',
          phase: 'screen',
          whom: { kind: 'role', id: 'case_worker' },
          what: 'screening',
          blocks: true,
          safety: false,
          since: Date.now() - 3_600_000,
          escalationStep: 'waiting',
        },
      ],
    );
    const { text, headers } = await system.inject({ method: 'GET', url: '/metrics' });
    expect(headers['content-type']).toContain('text/plain');
    expect(text).toMatch(/^journeys_waiting\{status="registered",partner_kind="role"\} 1$/m);
    const seconds = Number(/^oldest_waiting_seconds\{status="registered",partner_kind="role"\} (.*)$/m.exec(text)?.[1]);
    expect(Math.round(seconds / 60)).toBe(60);
    expect(text).toMatch(
      /http_request_duration_seconds_count\{method="POST",route="\/v1\/operations",status="201"\} 1/,
    );
    // The engine of this system starts nothing: the operation and the journey are ordered and wait.
    expect(text).toMatch(/^starts_waiting 2$/m);
    expect(Number(/^oldest_start_waiting_seconds (.*)$/m.exec(text)?.[1])).toBeGreaterThan(0);
    expect(text).not.toContain(journeyId);
  });

  it('limits by principal, on unknown addresses too, and says when to come back', async () => {
    const greedy = { authorization: `Bearer ${await system.token('auditor', { sub: 'greedy' })}` };
    const statuses: number[] = [];
    for (let n = 0; n < 25; n++)
      statuses.push((await system.inject({ method: 'GET', url: '/v1/me', headers: greedy })).status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(20);
    const limited = await system.inject({ method: 'GET', url: '/v1/me', headers: greedy });
    expect(limited.body).toMatchObject({ status: 429, code: 'too_many_requests' });
    expect(Number(limited.headers['retry-after'])).toBeGreaterThan(0);
    expect(
      (
        await system.inject({
          method: 'GET',
          url: '/v1/me',
          headers: { authorization: `Bearer ${await system.token('auditor', { sub: 'modest' })}` },
        })
      ).status,
    ).toBe(200);
    const lost = { authorization: `Bearer ${await system.token('auditor', { sub: 'lost' })}` };
    const unknown: number[] = [];
    for (let n = 0; n < 25; n++)
      unknown.push((await system.inject({ method: 'GET', url: `/v1/nothing${n}`, headers: lost })).status);
    expect(unknown).toContain(429);
  });
});
