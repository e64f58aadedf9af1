import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ROLES } from '../../domain/actor.ts';
import { type RunningIssuer, startIssuer } from '../../sandbox/issuer/issuer.ts';

const PARTNER = `par_${'0'.repeat(26)}`;

let dataDir: string;
let running: RunningIssuer[];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'issuer-'));
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((issuer) => issuer.stop()));
  await rm(dataDir, { recursive: true });
});

async function start(port = 0): Promise<RunningIssuer> {
  const issuer = await startIssuer({ port, dataDir });
  running.push(issuer);
  return issuer;
}

async function ask(
  issuer: RunningIssuer,
  id: string,
  secret: string,
  form: Record<string, string> = {},
): Promise<Response> {
  return fetch(issuer.tokenEndpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', ...form }),
  });
}

async function tokenOf(issuer: RunningIssuer, id: string, form: Record<string, string> = {}): Promise<string> {
  const client = [...issuer.users, issuer.partnerClient].find(({ clientId }) => clientId === id);
  const response = await ask(issuer, id, client?.clientSecret ?? '', form);
  expect(response.status).toBe(200);
  return ((await response.json()) as { access_token: string }).access_token;
}

async function keysOf(issuer: RunningIssuer): Promise<ReturnType<typeof createLocalJWKSet>> {
  return createLocalJWKSet((await (await fetch(`${issuer.issuer}/jwks`)).json()) as JSONWebKeySet);
}

describe('the local issuer', () => {
  test('has a user for each role, and a second where two must agree', async () => {
    const { users } = await start();
    expect(new Set(users.map(({ role }) => role))).toEqual(new Set(ROLES));
    expect(users.filter(({ role }) => role === 'protection_lead')).toHaveLength(2);
    expect(users.filter(({ role }) => role === 'duty_supervisor')).toHaveLength(2);
    expect(new Set(users.map(({ clientSecret }) => clientSecret)).size).toBe(users.length);
  });

  test('gives each user a signed access token with their role', async () => {
    const issuer = await start();
    const keys = await keysOf(issuer);
    for (const user of issuer.users) {
      const { payload, protectedHeader } = await jwtVerify(await tokenOf(issuer, user.id), keys, {
        issuer: issuer.issuer,
        audience: 'homeward',
        typ: 'at+jwt',
      });
      expect(protectedHeader.alg).toBe('RS256');
      expect(payload.sub).toBe(user.id);
      expect(payload.roles).toEqual([{ role: user.role, operation: '*' }]);
    }
  });

  test('gives an organisation a token that names it, and no staff a token of an organisation', async () => {
    const issuer = await start();
    const keys = await keysOf(issuer);
    const claims = async (id: string, form: Record<string, string>) =>
      (await jwtVerify(await tokenOf(issuer, id, form), keys)).payload;
    expect(await claims('partner', { partner: PARTNER })).toMatchObject({
      partner: PARTNER,
      roles: [{ role: 'partner', operation: '*' }],
    });
    expect((await claims('partner', {})).roles).toEqual([]);
    expect((await claims('partner', { partner: 'somebody' })).partner).toBeUndefined();
    expect((await claims('auditor', { partner: PARTNER })).partner).toBeUndefined();
  });

  test('refuses a wrong secret', async () => {
    const issuer = await start();
    expect((await ask(issuer, 'admin', 'guess')).status).toBe(401);
  });

  test('keeps keys and secrets over a restart, so that tokens stay good', async () => {
    const first = await start();
    const token = await tokenOf(first, 'coordinator');
    await first.stop();
    running = [];
    const second = await start(Number(new URL(first.issuer).port));
    expect(second.issuer).toBe(first.issuer);
    expect(second.users).toEqual(first.users);
    await expect(jwtVerify(token, await keysOf(second), { issuer: first.issuer })).resolves.toBeDefined();
  });

  test('serves no private part of its keys, and keeps them for its owner alone', async () => {
    const issuer = await start();
    const { keys } = (await (await fetch(`${issuer.issuer}/jwks`)).json()) as { keys: object[] };
    for (const key of keys) expect(Object.keys(key)).not.toContain('d');
    expect((await stat(join(dataDir, 'issuer.json'))).mode & 0o777).toBe(0o600);
  });

  test('does not make new keys over a damaged file', async () => {
    await writeFile(join(dataDir, 'issuer.json'), '{"keys":[');
    await expect(startIssuer({ port: 0, dataDir })).rejects.toThrow(/damaged/);
    expect(await readFile(join(dataDir, 'issuer.json'), 'utf8')).toBe('{"keys":[');
  });
});
