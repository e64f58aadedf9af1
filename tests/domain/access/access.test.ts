import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ACCESS,
  type Action,
  decide,
  FIELD_GROUPS,
  fieldsFor,
  type Grant,
  mayKnowHolds,
  operationsOf,
  roleFor,
  rolesIn,
} from '../../../domain/access.ts';
import { PROTECTION_ROLES, ROLES } from '../../../domain/actor.ts';
import { JOURNEY_COMMANDS } from '../../../domain/journeys/commands/index.ts';
import { MOVEMENT_COMMANDS } from '../../../domain/movements/commands/index.ts';
import { OPERATION_COMMANDS } from '../../../domain/operations/commands/index.ts';

const actions = Object.keys(ACCESS) as Action[];
const OPS = ['op_a', 'op_b', 'op_c'];
const grant = fc.record({
  role: fc.constantFrom(...ROLES, 'partner' as const),
  operation: fc.constantFrom('*', ...OPS),
});
const principal = fc.record({ sub: fc.constant('x'), roles: fc.array(grant, { maxLength: 6 }) });
const action = fc.constantFrom(...actions);
const operation = fc.constantFrom(...OPS);
const rowOf = (name: Action): readonly string[] => ACCESS[name].roles;

describe('the table of access', () => {
  it('lets nobody do what no grant of theirs reaches', () => {
    fc.assert(
      fc.property(principal, action, operation, (who, name, op) => {
        const { reach } = ACCESS[name];
        if (reach === 'public') return decide(who, name, op) === 'allowed';
        const reaches = (g: Grant) =>
          reach === 'anywhere' || g.operation === '*' || (reach === 'operation' && g.operation === op);
        const may = who.roles.some((g) => reaches(g) && rowOf(name).includes(g.role));
        expect(decide(who, name, op) === 'allowed').toBe(may);
      }),
    );
  });

  it('takes nothing away by another grant, and gives nothing by leaving one out', () => {
    fc.assert(
      fc.property(principal, grant, action, operation, (who, more, name, op) => {
        const wider = decide({ ...who, roles: [...who.roles, more] }, name, op);
        if (decide(who, name, op) === 'allowed') expect(wider).toBe('allowed');
      }),
    );
  });

  it('hides an operation from everybody who is no colleague there', () => {
    fc.assert(
      fc.property(principal, action, operation, (who, name, op) => {
        if (ACCESS[name].reach !== 'operation') return;
        const colleague = rolesIn(who, op).length > 0;
        expect(decide(who, name, op) === 'hidden').toBe(!colleague);
      }),
    );
  });

  it('knows no operation in another: roles in one say nothing of the next', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...ROLES)), action, (roles, name) => {
        if (ACCESS[name].reach !== 'operation') return;
        const who = { sub: 'x', roles: roles.map((role) => ({ role, operation: 'op_a' })) };
        expect(decide(who, name, 'op_b')).toBe('hidden');
        expect(operationsOf(who)).toEqual(roles.length === 0 ? [] : ['op_a']);
      }),
    );
  });

  it('lets auditor and admin decide about nobody', () => {
    for (const role of ['auditor', 'admin'] as const) {
      for (const name of [
        'person.command',
        'movement.command',
        'movement.scan',
        'operation.command',
        'households.register',
        'imports.commit',
        'person.serve',
        'people.search',
      ] as const) {
        expect(decide({ sub: 'x', roles: [{ role, operation: '*' }] }, name, 'op_a'), `${role} ${name}`).not.toBe(
          'allowed',
        );
      }
    }
  });

  it('reaches every role that a command names', () => {
    const reached = (name: Action, roles: readonly string[], of: string) => {
      for (const role of roles) expect(rowOf(name), `${of}: ${role}`).toContain(role);
    };
    for (const { name, roles } of JOURNEY_COMMANDS.list) reached('person.command', roles, name);
    for (const { name, roles } of OPERATION_COMMANDS.list) reached('operation.command', roles, name);
    for (const { name, roles, permission = 'movement.command' } of MOVEMENT_COMMANDS.list)
      reached(permission, roles, name);
    expect(MOVEMENT_COMMANDS.byName.applyScans.permission).toBe('movement.scan');
  });
});

describe('fields', () => {
  it('are shown by the union of roles and no more', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom(...ROLES)), (roles) => {
        const union = new Set(roles.flatMap((role) => fieldsFor([role])));
        expect(fieldsFor(roles)).toEqual(FIELD_GROUPS.filter((group) => union.has(group)));
      }),
    );
  });

  it('that hint at a hold are for protection alone', () => {
    for (const role of ROLES) {
      expect(fieldsFor([role]).includes('protection'), role).toBe(PROTECTION_ROLES.includes(role));
      expect(mayKnowHolds([role]), role).toBe(PROTECTION_ROLES.includes(role));
    }
    expect(fieldsFor(['auditor', 'admin'])).toEqual([]);
  });
});

it('gives a command under the first of its own roles that one holds', () => {
  expect(roleFor(['case_worker', 'coordinator'], ['coordinator', 'case_worker'])).toBe('case_worker');
  expect(roleFor(['case_worker'], ['auditor'])).toBeUndefined();
});
