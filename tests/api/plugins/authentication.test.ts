import { createHmac, createPublicKey } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify, { type FastifyInstance } from 'fastify';
import { importJWK, type JWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { authentication } from '../../../api/plugins/authentication.ts';
import { answerNotFound, problems } from '../../../api/plugins/problems.ts';
import { type RunningIssuer, startIssuer } from '../../../sandbox/issuer/issuer.ts';

const OPERATION = `op_${'0'.repeat(26)}`;
const PARTNER = `par_${'0'.repeat(26)}`;

let dataDir: string;
let issuer: RunningIssuer;
let app: FastifyInstance;
let key: JWK & { kid: string };

async function api(options: Parameters<typeof authentication>[1]): Promise<FastifyInstance> {
  const made = Fastify();
  await made.register(problems);
  await made.register(authentication, options);
  made.setNotFoundHandler(answerNotFound);
  made.get('/who', async (request) => request.principal);
  made.get('/open', { config: { open: true } }, async (request) => ({ principal: request.principal }));
  return made;
}

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'authentication-'));
  issuer = await startIssuer({ port: 0, dataDir });
  app = await api({ issuer: issuer.issuer, audience: 'homeward', tokenType: 'at+jwt' });
  key = JSON.parse(await readFile(join(dataDir, 'issuer.json'), 'utf8')).keys[0];
});
afterAll(async () => {
  await app.close();
  await issuer.stop();
  await rm(dataDir, { recursive: true });
});

const now = () => Math.floor(Date.now() / 1000);

/** A token signed with the issuer's own key: good but for what the test changes. */
async function token(claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> {
  const payload = {
    iss: issuer.issuer,
    aud: 'homeward',
    sub: 'case_worker',
    iat: now(),
    exp: now() + 60,
    roles: [],
    ...claims,
  };
  return new SignJWT(payload)
    .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: key.kid, ...header })
    .sign(await importJWK(key, 'RS256'));
}

async function who(bearer?: string) {
  const response = await app.inject({
    url: '/who',
    headers: bearer === undefined ? {} : { authorization: `Bearer ${bearer}` },
  });
  return { status: response.statusCode, body: response.json(), challenge: response.headers['www-authenticate'] };
}

describe('a bearer token', () => {
  test('of the issuer is a principal', async () => {
    const user = issuer.users.find(({ id }) => id === 'movement_officer');
    const response = await fetch(issuer.tokenEndpoint, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${user?.clientId}:${user?.clientSecret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    const { access_token } = (await response.json()) as { access_token: string };
    expect(await who(access_token)).toMatchObject({
      status: 200,
      body: { sub: 'movement_officer', roles: [{ role: 'movement_officer', operation: '*' }] },
    });
  });

  test('gives roles per operation, and nothing for roles this system does not know', async () => {
    const roles = [
      { role: 'coordinator', operation: OPERATION },
      { role: 'wizard', operation: '*' },
    ];
    expect((await who(await token({ roles }))).body.roles).toEqual([{ role: 'coordinator', operation: OPERATION }]);
  });

  test('of an organisation names it and holds no staff role, and staff holds no role of an organisation', async () => {
    const roles = [
      { role: 'partner', operation: '*' },
      { role: 'admin', operation: '*' },
    ];
    expect((await who(await token({ partner: PARTNER, roles }))).body).toEqual({
      sub: 'case_worker',
      roles: [{ role: 'partner', operation: '*' }],
      partnerId: PARTNER,
    });
    expect((await who(await token({ roles }))).body.roles).toEqual([{ role: 'admin', operation: '*' }]);
  });

  test('that was found good is good no longer than it says, and one with another end is not taken for it', async () => {
    const once = await token();
    expect((await who(once)).status).toBe(200);
    expect((await who(once)).status).toBe(200);
    expect((await who(`${once.slice(0, -8)}AAAAAAAA`)).status).toBe(401);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 66_000 });
    try {
      expect(await who(once)).toMatchObject({ status: 401, body: { detail: expect.stringMatching(/expired/) } });
    } finally {
      vi.useRealTimers();
    }
  });

  test('is needed', async () => {
    const answer = await who();
    expect(answer).toMatchObject({ status: 401, body: { code: 'not_signed_in', type: '/problems/not_signed_in' } });
    expect(answer.challenge).toBe('Bearer realm="homeward"');
    expect((await app.inject({ url: '/nowhere' })).statusCode).toBe(401);
  });

  test('is not needed where a route is open', async () => {
    const response = await app.inject({ url: '/open' });
    expect([response.statusCode, response.json()]).toEqual([200, { principal: null }]);
  });

  const shared = () => createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const refused: Array<[string, () => string | Promise<string>, RegExp]> = [
    ['expired', () => token({ iat: now() - 120, exp: now() - 60 }), /expired/],
    ['of another issuer', () => token({ iss: 'http://127.0.0.1:1' }), /issuer/],
    ['for another audience', () => token({ aud: 'elsewhere' }), /audience/],
    ['not valid yet', () => token({ nbf: now() + 60 }), /not valid yet/],
    ['an ID token, not an access token', () => token({}, { typ: 'JWT' }), /not an access token/],
    ['without an end', () => token({ exp: undefined }), /missing/],
    ['without a subject', () => token({ sub: undefined }), /missing/],
    ['with roles of another shape', () => token({ roles: ['admin'] }), /shape/],
    [
      'with a role in something that is no operation',
      () => token({ roles: [{ role: 'admin', operation: '%' }] }),
      /shape/,
    ],
    [
      'of algorithm none',
      async () => {
        const [, payload] = (await token()).split('.');
        return `${part({ alg: 'none', typ: 'at+jwt' })}.${payload}.`;
      },
      /./,
    ],
    [
      'signed with the public key as a shared secret',
      async () => {
        const body = `${part({ alg: 'HS256', typ: 'at+jwt', kid: key.kid })}.${(await token()).split('.')[1]}`;
        return `${body}.${createHmac('sha256', shared()).update(body).digest('base64url')}`;
      },
      /algorithm/,
    ],
    [
      'changed after signing',
      async () => {
        const [header, , signature] = (await token()).split('.');
        const changed = {
          iss: issuer.issuer,
          aud: 'homeward',
          sub: 'admin',
          iat: now(),
          exp: now() + 60,
          roles: [{ role: 'admin', operation: '*' }],
        };
        return `${header}.${part(changed)}.${signature}`;
      },
      /not one of this issuer/,
    ],
    ['with a key id the issuer does not have', () => token({}, { kid: 'other' }), /not one of this issuer/],
    ['no token at all', () => 'abc', /./],
    ['longer than any token', () => 'a'.repeat(20_000), /no bearer token/],
  ];
  test.each(refused)('%s is refused', async (_name, make, detail) => {
    const answer = await who(await make());
    expect(answer).toMatchObject({ status: 401, body: { code: 'token_refused' } });
    expect(answer.body.detail).toMatch(detail);
    expect(answer.challenge).toMatch(/^Bearer realm="homeward", error="invalid_token", error_description="[^"]+"$/);
  });

  test('in another scheme is refused', async () => {
    const response = await app.inject({ url: '/who', headers: { authorization: 'Basic YTpi' } });
    expect(response.json().code).toBe('token_refused');
  });
});

describe('the issuer', () => {
  test('away is a 503 with Retry-After, and the next request asks again', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'authentication-away-'));
    const first = await startIssuer({ port: 0, dataDir: folder });
    await first.stop();
    const waiting = await api({ issuer: first.issuer, audience: 'homeward' });
    const away = await waiting.inject({
      url: '/who',
      headers: { authorization: `Bearer ${await token({ iss: first.issuer })}` },
    });
    expect(away.statusCode).toBe(503);
    expect(away.json().code).toBe('sign_in_unavailable');
    expect(away.headers['retry-after']).toBe('5');

    const second = await startIssuer({ port: Number(new URL(first.issuer).port), dataDir: folder });
    const own = JSON.parse(await readFile(join(folder, 'issuer.json'), 'utf8')).keys[0];
    const good = await new SignJWT({ sub: 'admin', roles: [] })
      .setProtectedHeader({ alg: 'RS256', kid: own.kid })
      .setIssuer(first.issuer)
      .setAudience('homeward')
      .setIssuedAt()
      .setExpirationTime('1m')
      .sign(await importJWK(own, 'RS256'));
    const back = await waiting.inject({ url: '/who', headers: { authorization: `Bearer ${good}` } });
    expect(back.statusCode).toBe(200);
    await waiting.close();
    await second.stop();
    await rm(folder, { recursive: true });
  });

  test('over plain http is refused at the start, unless on loopback', async () => {
    await expect(
      api({ issuer: 'http://issuer.example', audience: 'homeward' }).then((made) => made.ready()),
    ).rejects.toThrow(/https/);
  });
});
