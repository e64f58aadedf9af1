import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../application/ids.ts';
import { ACCESS, type Action, decide } from '../../domain/access.ts';
import { ROLES, type Role } from '../../domain/actor.ts';
import { PAIR_COMMANDS, type PairCommand } from '../../domain/duplicates/decisions.ts';
import { JOURNEY_COMMANDS, type JourneyCommand } from '../../domain/journeys/commands/index.ts';
import { MOVEMENT_COMMANDS, type MovementCommand } from '../../domain/movements/commands/index.ts';
import { OPERATION_COMMANDS, type OperationCommand } from '../../domain/operations/commands/index.ts';
import { freshKey, openOperation, register, type TestSystem, testSystem } from './system.ts';

type Route = { method: 'GET' | 'POST' | 'PUT' | 'DELETE'; path: string; permission: Action };

let system: TestSystem;
let routes: Route[];
/** things of the operation that the caller works in, and of another one, by the word in the address */
let mine: Record<string, string>;
let others: Record<string, string>;

async function things(operationId: string): Promise<Record<string, string>> {
  const { people, householdId } = await register(system, operationId);
  const movementId = newId('movement');
  await system.db.pool.query(
    `insert into movements (id, operation_id, reference, leg, mode, origin, destination, stops, departs_at, arrives_at, seat_capacity)
     values ($1, $2, $1, 'evacuation', 'ship', '{"code":"A","name":"A","country":"VUT"}', '{"code":"B","name":"B","country":"VUT"}', '[]', now(), now(), 10)`,
    [movementId, operationId],
  );
  const importId = newId('import');
  await system.db.pool.query(
    "insert into imports (id, operation_id, reference_date, created_by) values ($1, $2, '2026-01-01', 'test')",
    [importId, operationId],
  );
  const alarmId = newId('alarm');
  await system.db.pool.query(
    `insert into alarms (id, operation_id, subject, kind, detail) values ($1, $2, $2, 'partner_fails', '{}')`,
    [alarmId, operationId],
  );
  const twin = await register(system, operationId);
  const pairId = newId('pair');
  await system.db.pool.query(
    `insert into duplicate_pairs (id, person_a, person_b, operation_a, operation_b, score, reasons)
     values ($1, least($2, $3), greatest($2, $3), $4, $4, 60, '[]')`,
    [pairId, people[0]?.personId, twin.people[0]?.personId, operationId],
  );
  return {
    operations: operationId,
    'duplicate-pairs': pairId,
    people: people[0]?.personId ?? '',
    households: householdId,
    movements: movementId,
    imports: importId,
    alarms: alarmId,
  };
}

beforeAll(async () => {
  system = await testSystem();
  const { body } = await system.inject({ method: 'GET', url: '/openapi.json' });
  const paths = body['paths'] as Record<string, Record<string, { 'x-permission': Action }>>;
  routes = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      method: method.toUpperCase() as Route['method'],
      path,
      permission: operation['x-permission'],
    })),
  );
  const plan = await system.ask('coordinator', 'POST', '/v1/plans', {
    name: 'P',
    scenario: 'S',
    kind: 'evacuation',
    country: 'VUT',
  });
  const partner = await system.ask('coordinator', 'POST', '/v1/partners', { kind: 'agency', name: 'Agency' });
  const endpoint = await system.ask('coordinator', 'POST', `/v1/partners/${String(partner.body['id'])}/endpoints`, {
    url: 'https://agency.example/hook',
    event_types: ['journey.verified'],
  });
  const shared = {
    plans: String(plan.body['id']),
    partners: String(partner.body['id']),
    endpoints: String(endpoint.body['id']),
  };
  mine = { ...(await things(await openOperation(system))), ...shared };
  others = { ...(await things(await openOperation(system))), ...shared };
});
afterAll(() => system.close());

function address(route: Route, ids: Record<string, string>): string {
  const [, , word = ''] = route.path.split('/');
  return route.path
    .replace('{id}', ids[word] ?? '')
    .replace('{code}', word === 'operations' ? 'transport' : 'not_found');
}

/** Roles that the command itself names; undefined where the route is no command. */
function namedRoles(route: Route): readonly Role[] | undefined {
  const [, , word = '', , kind, name = ''] = route.path.split('/');
  if (kind === 'scans') return MOVEMENT_COMMANDS.byName.applyScans.roles;
  if (kind !== 'commands') return undefined;
  const command = name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  if (word === 'people') return JOURNEY_COMMANDS.byName[command as JourneyCommand].roles;
  if (word === 'movements') return MOVEMENT_COMMANDS.byName[command as MovementCommand].roles;
  if (word === 'duplicate-pairs') return PAIR_COMMANDS[command as PairCommand].roles;
  if (word === 'operations') return OPERATION_COMMANDS.byName[command as OperationCommand].roles;
  return undefined;
}

async function call(route: Route, url: string, headers: Record<string, string>): Promise<number> {
  const body = route.method === 'POST' || route.method === 'PUT' ? { payload: {} } : {};
  const key = route.method === 'POST' ? { 'idempotency-key': freshKey() } : {};
  // a DELETE would take the thing away that other cells of the matrix need
  const method = route.method;
  const answer = await system.inject({ method, url, headers: { ...headers, ...key }, ...body });
  return answer.status;
}

describe('every route × every role', () => {
  const deletes = (route: Route) => route.method === 'DELETE';

  it('asks for a token on every route but the open ones', async () => {
    for (const route of routes.filter(({ permission }) => ACCESS[permission].reach !== 'public')) {
      expect(await call(route, address(route, mine), {}), `${route.method} ${route.path}`).toBe(401);
    }
    const unknown = await system.inject({ method: 'GET', url: '/v1/nothing' });
    expect(unknown.status).toBe(401);
  });

  for (const role of ROLES) {
    it(`${role}: as the table says, in the operation and outside it`, async () => {
      let compared = 0;
      for (const route of routes.filter((r) => ACCESS[r.permission].reach !== 'public' && !deletes(r))) {
        const reach = ACCESS[route.permission].reach;
        const grant = [{ role, operation: reach === 'global' ? '*' : (mine['operations'] ?? '') }];
        const headers = { authorization: `Bearer ${await system.token(grant, { sub: role })}` };
        const before = system.sent.length;
        const status = await call(route, address(route, mine), headers);
        const where = `${role}: ${route.method} ${route.path} → ${status}`;
        const decision = decide({ sub: role, roles: grant }, route.permission, mine['operations']);
        if (decision === 'allowed') {
          const named = namedRoles(route);
          if (named === undefined || named.includes(role)) expect([401, 403, 404], where).not.toContain(status);
          else {
            expect([400, 403], where).toContain(status);
            expect(system.sent.length, where).toBe(before);
          }
        } else {
          expect(status, where).toBe(403);
          expect(system.sent.length, where).toBe(before);
        }
        if (reach === 'operation') {
          const elsewhere = await call(route, address(route, others), headers);
          expect(elsewhere, `${where}, in another operation ${elsewhere}`).toBe(404);
          expect(system.sent.length, where).toBe(decision === 'allowed' ? system.sent.length : before);
        }
        compared += 1;
      }
      expect(compared).toBeGreaterThan(80);
    });
  }

  it('a partner reads itself and its events, and nothing else', async () => {
    const partner = mine['partners'] ?? '';
    const headers = {
      authorization: `Bearer ${await system.token([{ role: 'partner', operation: '*' }], { sub: 'agency', partner })}`,
    };
    for (const route of routes.filter((r) => ACCESS[r.permission].reach !== 'public')) {
      const status = await call(route, address(route, mine), headers);
      const open = route.permission === 'me.read' || route.permission === 'event.read';
      expect(status, `${route.method} ${route.path}`).toBe(
        open ? 200 : ACCESS[route.permission].reach === 'operation' ? 404 : 403,
      );
    }
  });
});

describe('the start', () => {
  it('is stopped by a route without a row in the table', async () => {
    const { default: fastify } = await import('fastify');
    const { access } = await import('../../api/plugins/access.ts');
    const { default: fp } = await import('fastify-plugin');
    const build = async (config: object) => {
      const app = fastify();
      await app.register(fp(async () => undefined, { name: 'authentication' }));
      await app.register(access, { placesOf: async () => [] });
      app.route({ method: 'GET', url: '/x', config, handler: async () => 'x' });
      await app.ready();
      await app.close();
    };
    await expect(build({})).rejects.toThrow(/no row/);
    await expect(build({ access: 'nobody.knows' })).rejects.toThrow(/no row/);
    await expect(build({ access: 'person.read' })).rejects.toThrow(/operation/);
    await expect(build({ access: 'plan.read', open: true })).rejects.toThrow(/open/);
    await expect(build({ access: 'plan.read' })).resolves.toBeUndefined();
  });
});
