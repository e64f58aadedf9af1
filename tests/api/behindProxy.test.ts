import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestSystem, testSystem } from './system.ts';

/** Who the client is behind a proxy. */
const PER_MINUTE = 20;
const PROXY = '127.0.0.1';
const OPEN = '/problems/command_refused';
let system: TestSystem;
beforeAll(async () => {
  system = await testSystem({ perMinute: PER_MINUTE, trustedProxies: ['127.0.0.0/8'] });
});
afterAll(() => system.close());

/** One request: from where the connection comes, whom the header names, and who has signed in. */
async function asks(from: string, forwardedFor: string, sub?: string): Promise<number> {
  const headers: Record<string, string> = { 'x-forwarded-for': forwardedFor };
  if (sub !== undefined) headers['authorization'] = `Bearer ${await system.token('auditor', { sub })}`;
  const url = sub === undefined ? OPEN : '/v1/me';
  return (await system.inject({ method: 'GET', url, headers, remoteAddress: from })).status;
}

async function passed(count: number, one: (n: number) => Promise<number>): Promise<number> {
  let through = 0;
  for (let n = 0; n < count; n += 1) through += (await one(n)) === 200 ? 1 : 0;
  return through;
}

describe('behind a trusted proxy', () => {
  it('two users and somebody who has not signed in have an allowance each', async () => {
    expect(await passed(25, () => asks(PROXY, '203.0.113.1', 'amina'))).toBe(PER_MINUTE);
    expect(await asks(PROXY, '203.0.113.1', 'bello')).toBe(200);
    expect(await passed(25, () => asks(PROXY, '203.0.113.1'))).toBe(PER_MINUTE);
    expect(await asks(PROXY, '203.0.113.2')).toBe(200);
    expect(await asks(PROXY, '203.0.113.1', 'bello')).toBe(200);
  });

  it('thirty of one camp behind one address are thirty', async () => {
    expect(await passed(30, (n) => asks(PROXY, '203.0.113.30', `camp-${n}`))).toBe(30);
  });

  it('what a caller writes before the proxy’s own entry changes nothing', async () => {
    expect(await passed(200, (n) => asks(PROXY, `198.18.0.${n}, 203.0.113.40`))).toBe(PER_MINUTE);
  });

  it('the log shows the address that the proxy saw, of whoever has not signed in', async () => {
    const before = system.logs.length;
    await asks(PROXY, '198.18.0.1, 203.0.113.50');
    await asks(PROXY, '203.0.113.51', 'amina');
    const lines = system.logs.slice(before).join('');
    expect(lines).toContain('"from":"203.0.113.50"');
    expect(lines).not.toContain('198.18.0.1');
    expect(lines).not.toContain('203.0.113.51');
  });
});

it('whoever comes past the proxy is who connects, whatever the header says', async () => {
  expect(await passed(200, (n) => asks('192.0.2.9', `198.18.1.${n}`))).toBe(PER_MINUTE);
});

it('nobody is believed where no proxy is named', async () => {
  const plain = await testSystem({ perMinute: PER_MINUTE });
  try {
    const one = (n: number) =>
      plain.inject({ method: 'GET', url: OPEN, headers: { 'x-forwarded-for': `198.18.2.${n}` } });
    expect(await passed(30, async (n) => (await one(n)).status)).toBe(PER_MINUTE);
  } finally {
    await plain.close();
  }
});
