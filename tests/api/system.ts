import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import pino from 'pino';
import { secretBox } from '../../adapters/crypto/envelope.ts';
import { type Keyring, loadKeyring } from '../../adapters/crypto/keyring.ts';
import { callbacksOn } from '../../adapters/partners/protocol.ts';
import { databaseOn } from '../../adapters/postgres/database.ts';
import { journeyState } from '../../adapters/postgres/journeys/now.ts';
import { prismaOn } from '../../adapters/postgres/prisma.ts';
import { ZONES } from '../../adapters/timeZones/zones.ts';
import { openGuardedClient } from '../../adapters/webhooks/client.ts';
import { buildApp } from '../../api/app.ts';
import type { Engine } from '../../api/ports.ts';
import { type Actor, SYSTEM } from '../../domain/actor.ts';
import type { JourneyEvent, JourneyEventType } from '../../domain/journeys/events.ts';
import { apply, phaseOf, projectionOf } from '../../domain/journeys/state.ts';
import type { Wait } from '../../domain/journeys/waits.ts';
import { defaultRules } from '../../domain/rules.ts';
import type { Instant } from '../../domain/time.ts';
import { createStore } from '../../processes/composition/store.ts';
import type { Cells } from '../support/cells.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { recordEvents } from '../support/recording.ts';

export type Sent = { workflowId: string; name: string; command: Parameters<Engine['send']>[2] };

export type TestSystem = {
  app: FastifyInstance;
  db: TestDatabase;
  keyring: Keyring;
  /** every line of the log so far */
  logs: string[];
  /** what was sent to workflows */
  sent: Sent[];
  /** workflows whose start was tried at once */
  started: string[];
  /** what workflows answer, the default is a plain yes; `away`: Temporal does not answer */
  answers: {
    next: (sent: Sent) => unknown;
    away?: boolean;
    running?: (workflowId: string) => boolean;
    suspended?: Engine['suspendedVersions'];
  };
  token(
    roles: string | ReadonlyArray<{ role: string; operation: string }>,
    claims?: { sub?: string; partner?: string },
  ): Promise<string>;
  /** one request with a token of these roles; a POST gets a fresh key unless it brings one */
  ask(
    role: string,
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>;
  inject(options: InjectOptions): Promise<Answer>;
  close(): Promise<void>;
};
export type Answer = {
  status: number;
  body: Record<string, unknown> & { [key: string]: unknown };
  text: string;
  headers: Record<string, string | string[] | number | undefined>;
};

let keys = 0;
export const freshKey = (): string => `key-${++keys}-${process.pid}`;

/** The API on a real database with a real key file and a real issuer on loopback; Temporal is a stand-in that notes what it is sent. */
export async function testSystem({ perMinute = 1_000_000, trustedProxies = [] as string[] } = {}): Promise<TestSystem> {
  const db = await testDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'homeward-api-'));
  const keyring = await loadKeyring(join(folder, 'keys.json'), { createIfMissing: true });
  const prisma = prismaOn(db.pool);
  const outside = openGuardedClient({ allowLoopback: true });
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true });
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'test', alg: 'EdDSA', use: 'sig' }] };
  const issuer = await listening(
    createServer((_request, response) =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify(jwks)),
    ),
  );
  const address = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`;
  const logs: string[] = [];
  const sent: Sent[] = [];
  const started: string[] = [];
  const answers: TestSystem['answers'] = {
    next: ({ workflowId }) =>
      workflowId.startsWith('journey:')
        ? { seq: 1, status: 'registered', phase: 'identify' }
        : { seq: 1, status: workflowId.startsWith('movement:') ? 'boarding' : 'running', detail: {} },
  };
  const engine: Engine = {
    send: async <A>(workflow: string, name: string, command: Sent['command']) => {
      const one = { workflowId: workflow, name, command };
      sent.push(one);
      return (await answers.next(one)) as A;
    },
    startNow: async (ids) => {
      started.push(...ids);
    },
    nudgeFeed: async () => undefined,
    answers: async () => answers.away !== true,
    isRunning: async (workflow) => answers.running?.(workflow) ?? false,
    suspendedVersions: async () => (await answers.suspended?.()) ?? [],
  };
  const store = createStore({
    engine,
    pool: db.pool,
    prisma,
    keyring,
    outside,
    refusedAddress: async (url) => (url.startsWith('https://') ? undefined : 'not_https'),
    clock: Date.now,
  });
  const app = await buildApp({
    ports: {
      ...store,
      engine,
      clock: Date.now,
      zones: ZONES,
      log: pino({ level: 'debug' }, { write: (line: string) => logs.push(line) }),
    },
    callbacks: callbacksOn(db.pool, secretBox(keyring)),
    authentication: { issuer: address, audience: 'homeward', jwksUri: `${address}/jwks` },
    perMinute,
    trustedProxies,
    maxEventLoopDelayMs: 0,
  });
  await app.ready();

  const system: TestSystem = {
    app,
    db,
    keyring,
    logs,
    sent,
    started,
    answers,
    token: (roles, { sub, partner } = {}) => {
      const granted = typeof roles === 'string' ? [{ role: roles, operation: '*' }] : roles;
      return new SignJWT({ roles: granted, ...(partner === undefined ? {} : { partner }) })
        .setProtectedHeader({ alg: 'EdDSA', kid: 'test' })
        .setIssuer(address)
        .setAudience('homeward')
        .setSubject(sub ?? (typeof roles === 'string' ? roles : 'somebody'))
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(privateKey);
    },
    ask: async (role, method, url, body, headers = {}) =>
      system.inject({
        method,
        url,
        headers: {
          authorization: `Bearer ${await system.token(role)}`,
          ...(method === 'POST' ? { 'idempotency-key': freshKey() } : {}),
          ...headers,
        },
        ...(body === undefined ? {} : { payload: body as object }),
      }),
    inject: async (options) => {
      const response = await app.inject(options);
      const json = (response.headers['content-type'] ?? '').includes('json') && response.body !== '';
      return {
        status: response.statusCode,
        body: json ? response.json() : {},
        text: response.body,
        headers: response.headers,
      };
    },
    close: async () => {
      await app.close();
      await outside.close();
      await prisma.$disconnect();
      issuer.close();
      await db.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return system;
}

function listening(server: Server): Promise<Server> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

/** An operation, opened through the API. */
export async function openOperation(system: TestSystem, more: object = {}): Promise<string> {
  const made = await system.ask('coordinator', 'POST', '/v1/operations', {
    kind: 'evacuation',
    name: 'Ambae',
    country: 'VUT',
    ...more,
  });
  if (made.status !== 201) throw new Error(`The operation was not opened: ${made.text}`);
  return String(made.body['id']);
}

export const member = (different: Partial<Cells> = {}): Partial<Cells> => ({
  person_ref: 'P-1',
  relationship_to_head: 'HEAD',
  given_names: 'Canaria',
  family_name: 'Zzyzx',
  sex: 'F',
  date_of_birth: '1990-04-12',
  dob_precision: 'day',
  nationality: 'VUT',
  phone: '+6785551234',
  registered_at: '2026-01-02T08:00:00+11:00',
  consent: 'given',
  ...different,
});

/** What of a person could tell who it is: none of it may come out where it has no business. */
export const CANARIES = ['Canaria', 'Zzyzx', '5551234', '1990-04-12'];

/** One household of the given members, registered through the API. */
export async function register(
  system: TestSystem,
  operationId: string,
  members: Array<Partial<Cells>> = [member()],
): Promise<{ householdId: string; people: Array<{ personId: string; journeyId: string }> }> {
  const made = await system.ask('case_worker', 'POST', `/v1/operations/${operationId}/households`, {
    household_ref: freshKey(),
    members,
  });
  if (made.status !== 201) throw new Error(`The household was not registered: ${made.text}`);
  const people = made.body['people'] as Array<{ person_id: string; journey_id: string }>;
  return {
    householdId: String(made.body['household_id']),
    people: people.map((p) => ({ personId: p.person_id, journeyId: p.journey_id })),
  };
}

/** Events of a journey, as its workflow would record them, with the waits that are open after the last. */
export async function record(
  system: TestSystem,
  journeyId: string,
  operationId: string,
  events: ReadonlyArray<{
    type: JourneyEventType;
    at?: Instant;
    data?: object;
    actor?: Actor;
    commandId?: string | undefined;
    reasonCode?: string;
    noteId?: string | undefined;
  }>,
  waits: Wait[] = [],
): Promise<void> {
  const rules = defaultRules('evacuation');
  let state = await journeyState(databaseOn(system.db.pool), journeyId);
  const after = state.seq;
  const recorded = events.map(({ data = {}, at = Date.now(), actor = SYSTEM, ...event }) => {
    const whole = { ...event, at, actor, data } as JourneyEvent;
    state = apply(state, whole);
    return { ...whole, seq: state.seq, phase: phaseOf(state, rules), data: data as Record<string, unknown> };
  });
  await recordEvents(system.db.pool, {
    subject: journeyId,
    subjectKind: 'journey',
    operationId,
    after,
    events: recorded,
    projection: { ...projectionOf(state, rules), seq: state.seq },
    waits,
  });
}

/** What every journey begins with. */
export const STARTED = {
  type: 'journeyStarted',
  data: { consent: 'given', holds: [], route: ['evacuation'], routeDecided: true },
} as const;
