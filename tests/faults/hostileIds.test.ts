import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../application/ids.ts';
import type { IdKind } from '../../domain/ids.ts';
import { freshKey, member, openOperation, register, type TestSystem, testSystem } from '../api/system.ts';
import { inForm, reportFault, SEED, seeded } from '../support/faultRun.ts';

const TAKES_AT_MOST_MS = 300_000;
/** Random texts beside the ones that are known to do harm. */
const RANDOM = inForm(6, 200);
/** How many of them each route gets: all, or a few, others for each route. */
const A_ROUTE = inForm(8, Number.POSITIVE_INFINITY);
/** Temporal takes ids up to 1,000 bytes; ours never come near it. */
const LONGEST_WORKFLOW_ID = 80;

const KNOWN_TO_DO_HARM: readonly string[] = [
  '../../etc/passwd',
  '..%2f..%2fetc%2fpasswd',
  '\0',
  'per_\0',
  'a'.repeat(1_001),
  'é'.repeat(501),
  `per_${'0'.repeat(25)}`,
  `per_${'u'.repeat(26)}`,
  `PER_${'0'.repeat(26)}`,
  // the first letter is Cyrillic
  `рer_${'0'.repeat(26)}`,
  'per_０1h00000000000000000000000',
  "per_' or ''='",
  "'; drop table persons; --",
  '1 or 1=1',
  '\r\nset-cookie: x=1',
  '\u2028\u202Egnp.exe',
  '__proto__',
  'constructor',
  'null',
  'undefined',
  '%',
  '%zz',
  '%C0%AE%C0%AE',
  '{{7*7}}',
  '${jndi:ldap://127.0.0.1/x}',
  '<script>alert(1)</script>',
  '👨‍👩‍👧‍👦',
];

type Route = { method: 'GET' | 'POST' | 'PUT' | 'DELETE'; path: string };

let system: TestSystem;
let operationId: string;
let hostile: string[];
let withId: Route[];
/** of somebody who may do everything: nothing but the id stands in the way */
let token: string;

beforeAll(async () => {
  system = await testSystem();
  operationId = await openOperation(system);
  token = await system.token(everyRole);
  const random = seeded(SEED);
  const letters = Array.from({ length: RANDOM }, () =>
    Array.from({ length: 1 + Math.floor(random() * 60) }, () =>
      String.fromCodePoint(1 + Math.floor(random() * 0x2_000)),
    ).join(''),
  );
  // Two milestones alone are another address, and an empty segment is none.
  hostile = [...KNOWN_TO_DO_HARM, ...letters.filter((text) => !/^\.*$/.test(text))];
  const { body } = await system.inject({ method: 'GET', url: '/openapi.json' });
  const paths = body['paths'] as Record<string, Record<string, unknown>>;
  withId = Object.entries(paths).flatMap(([path, methods]) =>
    path.startsWith('/v1/') && path.includes('{id}')
      ? Object.keys(methods).map((method) => ({ method: method.toUpperCase() as Route['method'], path }))
      : [],
  );
});
afterAll(() => system?.close());

const everyRole = ['coordinator', 'case_worker', 'protection_lead', 'movement_officer', 'admin', 'operation_lead'].map(
  (role) => ({
    role,
    operation: '*',
  }),
);

async function ask({ method, path }: Route, url: string, body: object = {}) {
  const list = path.endsWith('/imports') && method === 'POST';
  return system.inject({
    method,
    url,
    headers: {
      authorization: `Bearer ${token}`,
      ...(method === 'POST' ? { 'idempotency-key': freshKey() } : {}),
      ...(list ? { 'content-type': 'text/csv' } : {}),
    },
    ...(method === 'POST' || method === 'PUT' ? { payload: list ? 'a' : body } : {}),
  });
}

const workflowIds = async (): Promise<string[]> =>
  (await system.db.pool.query<{ workflow_id: string }>('select workflow_id from pending_starts')).rows.map(
    (row) => row.workflow_id,
  );

/** Neither raw nor as JSON would write it may what a caller made up stand in the log. */
function expectNothingOfItLogged(from: number): void {
  const lines = system.logs.slice(from);
  for (const line of lines) {
    expect(line.indexOf('\n')).toBe(line.length - 1);
    expect(() => JSON.parse(line) as unknown).not.toThrow();
  }
  const text = lines.join('');
  for (const made of hostile.filter((one) => one.length > 3 && one !== 'null' && one !== 'undefined')) {
    expect(text.includes(made), JSON.stringify(made)).toBe(false);
    expect(text.includes(JSON.stringify(made).slice(1, -1)), JSON.stringify(made)).toBe(false);
  }
}

describe(`F19: hostile ids, seed ${SEED}`, () => {
  test(
    'in an address: every route says that there is no such thing, and wakes nobody',
    async (context) => {
      const from = system.logs.length;
      const before = await workflowIds();
      let sent = 0;
      const each = Math.min(A_ROUTE, hostile.length);
      for (const [place, route] of withId.entries()) {
        for (let turn = 0; turn < each; turn += 1) {
          const text = hostile[(place * each + turn) % hostile.length] ?? '';
          for (const segment of new Set([
            encodeURIComponent(text.toWellFormed()),
            text.replace(/[^\x21-\x7e]|[?#\\/]/g, ''),
          ])) {
            if (/^\.*$/.test(segment)) continue;
            const { status, text: answer } = await ask(
              route,
              route.path.replace('{id}', segment).replace('{code}', 'transport'),
            );
            const where = `${route.method} ${route.path} ${JSON.stringify(text)} → ${status}`;
            expect([400, 404, 414], where).toContain(status);
            if (text.length > 6) expect(answer.includes(text), where).toBe(false);
            sent += 1;
          }
        }
      }
      expect(system.sent).toEqual([]);
      expect(await workflowIds()).toEqual(before);
      expectNothingOfItLogged(from);
      reportFault(context, {
        fault: 'F19',
        rounds: sent,
        counted: `${sent} requests on ${withId.length} routes: 400 or 404, no workflow woken, nothing in the log`,
      });
    },
    TAKES_AT_MOST_MS,
  );

  test(
    'of another operation, or of another kind: not there',
    async (context) => {
      const theirs = await openOperation(system);
      const { people, householdId } = await register(system, theirs, [member()]);
      const things: Record<string, string> = {
        operations: theirs,
        people: people[0]?.personId ?? '',
        households: householdId,
      };
      const kinds: Record<string, IdKind> = {
        operations: 'operation',
        people: 'person',
        households: 'household',
        movements: 'movement',
        imports: 'import',
        partners: 'partner',
        plans: 'plan',
      };
      const mine = await system.token([{ role: 'coordinator', operation: operationId }]);
      let sent = 0;
      for (const route of withId) {
        const word = route.path.split('/')[2] ?? '';
        const kind = kinds[word];
        const others = [
          ...(things[word] === undefined ? [] : [things[word]]),
          // Of the right form and of nobody; and of somebody, but of another kind.
          ...(kind === undefined ? [] : [newId(kind)]),
          ...(word === 'people' ? [] : [things['people'] ?? '']),
        ];
        for (const id of others) {
          const { status } = await system.inject({
            method: route.method,
            url: route.path.replace('{id}', id).replace('{code}', 'transport'),
            headers: {
              authorization: `Bearer ${mine}`,
              ...(route.method === 'POST' ? { 'idempotency-key': freshKey() } : {}),
              ...(route.path.endsWith('/imports') && route.method === 'POST' ? { 'content-type': 'text/csv' } : {}),
            },
            ...(route.method === 'POST' || route.method === 'PUT'
              ? { payload: route.path.endsWith('/imports') ? 'a' : {} }
              : {}),
          });
          // What belongs to the whole system is refused to a role of one operation before anything is looked up.
          expect([400, 403, 404], `${route.method} ${route.path} ${id} → ${status}`).toContain(status);
          expect(status === 403 && things[word] === id, `${route.path}: it must not be said that ${id} is there`).toBe(
            false,
          );
          sent += 1;
        }
      }
      expect(system.sent).toEqual([]);
      reportFault(context, {
        fault: 'F19',
        rounds: sent,
        counted: `${sent} requests for what is another's: not there, none woken`,
      });
    },
    TAKES_AT_MOST_MS,
  );

  test(
    'in keys, pages, bodies and cells: refused, or kept out of every name',
    async (context) => {
      const from = system.logs.length;
      let sent = 0;
      for (const text of hostile) {
        const well = text.toWellFormed();
        const where = JSON.stringify(text);
        const post = (url: string, body: object) => ask({ method: 'POST', path: url }, url, body);
        const partner = await post(`/v1/operations/${operationId}/partners`, { partner_id: well });
        expect(partner.status, where).toBe(400);
        const cursor = await ask(
          { method: 'GET', path: '' },
          `/v1/operations/${operationId}/people?cursor=${encodeURIComponent(well)}`,
        );
        expect(cursor.status, where).toBe(400);
        const cells = await post(`/v1/operations/${operationId}/households`, {
          household_ref: well,
          members: [member({ person_ref: well })],
        });
        // 422: the rules of registration take nobody in under such a reference.
        expect([201, 400, 422], where).toContain(cells.status);
        sent += 3;
        // A key may be any visible ASCII up to 255; what else it is does not come through to a name.
        const key = well.replace(/[^\x21-\x7e]/g, '');
        const keyed = await system.inject({
          method: 'POST',
          url: `/v1/operations/${operationId}/households`,
          headers: {
            authorization: `Bearer ${token}`,
            'idempotency-key': key === '' ? ' ' : key,
          },
          payload: { household_ref: freshKey(), members: [member({ person_ref: freshKey() })] },
        });
        // 422: two texts of which the same is left are one key with another body.
        expect([201, 400, 422], where).toContain(keyed.status);
        if (key.length > 255 || key === '') expect(keyed.status, where).toBe(400);
        sent += 1;
      }
      for (const id of await workflowIds()) {
        expect(id).toMatch(/^[a-zA-Z]+:[a-z]+_[0-9a-hjkmnp-tv-z]{26}(?::[a-z]+(?::\d+)?)?$/);
        expect(Buffer.byteLength(id)).toBeLessThan(LONGEST_WORKFLOW_ID);
      }
      expectNothingOfItLogged(from);
      reportFault(context, {
        fault: 'F19',
        rounds: sent,
        counted: `${sent} requests; ${(await workflowIds()).length} workflow ids, all ours, none above ${LONGEST_WORKFLOW_ID} bytes`,
      });
    },
    TAKES_AT_MOST_MS,
  );

  test('raw on the socket, past every client: no header of ours is made by them', async (context) => {
    const address = new URL(await system.app.listen({ host: '127.0.0.1', port: 0 }));
    const lines = [
      '/v1/people/a\r\nset-cookie: x=1',
      '/v1/people/\0',
      '/v1/people/%0d%0aset-cookie:%20x=1',
      '//127.0.0.1/..',
      `/v1/people/${'a'.repeat(20_000)}`,
    ];
    for (const target of lines) {
      const answer = await raw(Number(address.port), `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      expect(answer, JSON.stringify(target.slice(0, 40))).toMatch(/^HTTP\/1\.1 4\d\d /);
      expect(answer).not.toMatch(/^set-cookie/im);
    }
    reportFault(context, { fault: 'F19', rounds: lines.length, counted: `${lines.length} raw requests: 4xx` });
  });
});

function raw(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(request, 'latin1'));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
    socket.on('error', reject);
  });
}
