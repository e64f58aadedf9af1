import { PROTECTION_ROLES, type Role } from './actor.ts';
import { rolesGiving } from './commands.ts';
import { PAIR_DECIDERS } from './duplicates/decisions.ts';
import { JOURNEY_COMMANDS } from './journeys/commands/index.ts';
import { REOPENERS } from './journeys/reopening.ts';
import { MOVEMENT_COMMANDS } from './movements/commands/index.ts';
import { OPERATION_COMMANDS } from './operations/commands/index.ts';

/** A role is given for one operation; `*` means every operation. Partner organisations hold the role `partner`. */
export type Grant = { role: Role | 'partner'; operation: string };

/** Who sends a request: the subject of the token, its roles, and for an organisation its partner. */
export type Principal = { sub: string; roles: readonly Grant[]; partnerId?: string };

/**
 * How far a permission reaches.
 * public: nobody signs in · anywhere: the role in any operation · global: the role in every operation (plans, partners)
 * · operation: the role in the operation that the thing belongs to.
 */
export type Reach = 'public' | 'anywhere' | 'global' | 'operation';

/** What a member of staff opens data of a person for; the access log says it. */
export const ACCESS_PURPOSES = ['case', 'list', 'search', 'history', 'manifest', 'duplicate'] as const;
export type AccessPurpose = (typeof ACCESS_PURPOSES)[number];

type Permission = { reach: Reach; roles: readonly (Role | 'partner')[]; sentence: string };

/** The roles that work in an operation every day. They see its people. */
const TEAM: readonly Role[] = [
  'coordinator',
  'case_worker',
  'movement_officer',
  'health_officer',
  'consular_officer',
  'protection_officer',
  'protection_lead',
  'duty_supervisor',
  'operation_lead',
];
const READERS: readonly Role[] = [...TEAM, 'auditor', 'admin'];
const PLANNERS: readonly Role[] = ['coordinator', 'operation_lead', 'admin'];
const WITH_PARTNERS: readonly (Role | 'partner')[] = [...READERS, 'partner'];

/** Role × action: the one table. The system does not start with a route whose action has no row here. */
export const ACCESS = {
  'public.read': { reach: 'public', roles: [], sentence: 'Read health, metrics, documentation and problem pages' },
  'callback.receive': {
    reach: 'public',
    roles: [],
    sentence: 'Receive a callback of a partner, authenticated by its signature',
  },
  'me.read': { reach: 'anywhere', roles: WITH_PARTNERS, sentence: 'Read one’s own identity and permissions' },

  'plan.read': { reach: 'anywhere', roles: READERS, sentence: 'Read preparedness plans' },
  'plan.write': { reach: 'global', roles: PLANNERS, sentence: 'Write a preparedness plan' },
  'plan.activate': {
    reach: 'global',
    roles: ['coordinator', 'operation_lead'],
    sentence: 'Activate a plan: open an operation from it',
  },

  'operation.create': { reach: 'global', roles: PLANNERS, sentence: 'Open an operation' },
  'operation.list': { reach: 'anywhere', roles: READERS, sentence: 'List the operations in which one has a role' },
  'operation.read': { reach: 'operation', roles: READERS, sentence: 'Read an operation, its rules, clock and sectors' },
  'operation.command': {
    reach: 'operation',
    roles: rolesGiving(OPERATION_COMMANDS.list),
    sentence: 'Give a command to an operation (each command names its roles)',
  },
  'operation.configure': { reach: 'operation', roles: PLANNERS, sentence: 'Change rules, sectors and partners' },
  'situation.read': {
    reach: 'operation',
    roles: READERS,
    sentence: 'Read the status of people and what they wait for',
  },

  'households.register': {
    reach: 'operation',
    roles: ['case_worker', 'coordinator'],
    sentence: 'Register a household',
  },
  'imports.check': {
    reach: 'operation',
    // protection: the only ones who can correct a cell that nobody else may read
    roles: ['case_worker', 'coordinator', ...PROTECTION_ROLES],
    sentence: 'Upload a list, set how it is read, and correct it',
  },
  'imports.read': {
    reach: 'operation',
    roles: ['case_worker', 'coordinator', 'protection_officer', 'protection_lead', 'operation_lead', 'auditor'],
    sentence: 'Read the findings of a list, with the cells that are disclosed to one’s role',
  },
  'imports.commit': { reach: 'operation', roles: ['coordinator', 'operation_lead'], sentence: 'Commit a list' },

  'people.list': { reach: 'operation', roles: [...TEAM, 'auditor'], sentence: 'List the people of an operation' },
  'people.search': { reach: 'anywhere', roles: TEAM, sentence: 'Search a person by name or number' },
  'person.read': {
    reach: 'operation',
    roles: [...TEAM, 'auditor'],
    sentence: 'Read a person, their history and current status',
  },
  'person.command': {
    reach: 'operation',
    roles: rolesGiving(JOURNEY_COMMANDS.list),
    sentence: 'Give a command to a journey (each command names its roles)',
  },
  'person.reopen': {
    reach: 'operation',
    roles: REOPENERS,
    sentence: 'Reopen a journey that was ended by mistake; it takes two people',
  },
  'person.serve': {
    reach: 'operation',
    roles: ['case_worker', 'coordinator', 'health_officer', 'protection_officer', 'protection_lead'],
    sentence: 'Record a service given',
  },
  'person.disclosures': {
    reach: 'operation',
    roles: ['protection_officer', 'protection_lead', 'operation_lead', 'auditor'],
    sentence: 'Read the disclosures and the access log of a person',
  },

  'pair.read': {
    reach: 'operation',
    roles: [...PAIR_DECIDERS, 'auditor'],
    sentence: 'Read duplicate candidates, with both registrations',
  },
  'pair.decide': {
    reach: 'operation',
    roles: PAIR_DECIDERS,
    sentence: 'Decide on a duplicate candidate',
  },

  'task.read': { reach: 'anywhere', roles: TEAM, sentence: 'Read one’s own open tasks' },
  'task.list': {
    reach: 'operation',
    roles: [...TEAM, 'auditor'],
    sentence: 'Read the open tasks of an operation',
  },

  'alarm.read': {
    reach: 'anywhere',
    roles: ['coordinator', 'duty_supervisor', 'operation_lead', 'admin', 'auditor'],
    sentence: 'Read alarms',
  },
  'alarm.settle': {
    reach: 'operation',
    roles: ['duty_supervisor', 'operation_lead', 'admin'],
    sentence: 'Settle an alarm',
  },

  'movement.plan': { reach: 'operation', roles: ['movement_officer', 'coordinator'], sentence: 'Plan a movement' },
  'movement.read': { reach: 'operation', roles: READERS, sentence: 'Read movements' },
  'manifest.read': {
    reach: 'operation',
    roles: [
      'movement_officer',
      'coordinator',
      'case_worker',
      'protection_officer',
      'protection_lead',
      'duty_supervisor',
      'operation_lead',
      'auditor',
    ],
    sentence: 'Read a manifest, and the households without a seat',
  },
  'movement.command': {
    reach: 'operation',
    roles: rolesGiving(MOVEMENT_COMMANDS.list.filter(({ permission }) => permission === undefined)),
    sentence: 'Give a command to a movement (each command names its roles)',
  },
  'movement.scan': {
    reach: 'operation',
    roles: rolesGiving(MOVEMENT_COMMANDS.list.filter(({ permission }) => permission === 'movement.scan')),
    sentence: 'Scan people at the gate',
  },

  'partner.read': { reach: 'anywhere', roles: READERS, sentence: 'Read partners, agreements and endpoints' },
  'partner.write': { reach: 'global', roles: PLANNERS, sentence: 'Register partners and their endpoints' },
  'agreement.write': {
    reach: 'global',
    roles: ['operation_lead', 'coordinator'],
    sentence: 'Record an agreement on sharing',
  },
  'endpoint.write': { reach: 'global', roles: PLANNERS, sentence: 'Register, test, enable or remove an endpoint' },
  'delivery.read': {
    reach: 'global',
    roles: [...PLANNERS, 'auditor', 'duty_supervisor'],
    sentence: 'Read deliveries',
  },
  'event.read': { reach: 'anywhere', roles: WITH_PARTNERS, sentence: 'Read the feed of events from a position' },
} as const satisfies Record<string, Permission>;

export type Action = keyof typeof ACCESS;

/**
 * `hidden`: the principal has no role there and learns nothing (404). `forbidden`: it has a role there, but not the
 * right one (403).
 */
export type Decision = 'allowed' | 'forbidden' | 'hidden';

/** The roles of staff that the principal holds in an operation. */
export function rolesIn(principal: Principal, operationId: string): Role[] {
  return staffRoles(principal.roles.filter((grant) => grant.operation === '*' || grant.operation === operationId));
}

/** The roles of staff that the principal holds anywhere. */
export function rolesAnywhere(principal: Principal): Role[] {
  return staffRoles(principal.roles);
}

function staffRoles(grants: readonly Grant[]): Role[] {
  const roles = new Set<Role>();
  for (const { role } of grants) if (role !== 'partner') roles.add(role);
  return [...roles];
}

/** Whether the principal may take this action in this operation. A row with reach `operation` needs an operation. */
export function decide(principal: Principal, action: Action, operationId?: string): Decision {
  const { reach, roles }: Permission = ACCESS[action];
  if (reach === 'public') return 'allowed';
  const within = principal.roles.filter(
    (grant) =>
      reach === 'anywhere' || grant.operation === '*' || (reach === 'operation' && grant.operation === operationId),
  );
  if (within.some((grant) => roles.includes(grant.role))) return 'allowed';
  if (reach === 'operation') return within.some((grant) => grant.role !== 'partner') ? 'forbidden' : 'hidden';
  return 'forbidden';
}

/** Operations that the principal may list: ids, or `all`. */
export function operationsOf(principal: Principal): 'all' | string[] {
  const staff = principal.roles.filter((grant) => grant.role !== 'partner');
  if (staff.some((grant) => grant.operation === '*')) return 'all';
  return [...new Set(staff.map((grant) => grant.operation))];
}

/**
 * Operations in which a role of the principal allows this action: ids, or `all`. It limits reads of reach `anywhere` to
 * where the role is held.
 */
export function operationsFor(principal: Principal, action: Action): 'all' | string[] {
  const { roles }: Permission = ACCESS[action];
  return operationsOf({ ...principal, roles: principal.roles.filter(({ role }) => roles.includes(role)) });
}

/** The role under which somebody gives a command: the first of its roles that they hold. */
export function roleFor(named: readonly Role[], held: readonly Role[]): Role | undefined {
  return named.find((role) => held.includes(role));
}

/**
 * Groups of personal data, and which roles read each: a group is closed to every role that it does not name. The fields
 * of each group stand in domain/personData.ts. `care` holds needs of the journey (age, illness, pregnancy). `protection`
 * holds the kind and reason of a hold, and each flag that hints at one.
 */
const FIELD_READERS = {
  names: TEAM,
  birth: ['coordinator', 'case_worker', 'movement_officer', 'health_officer', 'consular_officer', ...PROTECTION_ROLES],
  phone: ['coordinator', 'case_worker', 'duty_supervisor', ...PROTECTION_ROLES],
  document: ['case_worker', 'movement_officer', 'consular_officer', ...PROTECTION_ROLES],
  language: TEAM,
  care: ['coordinator', 'case_worker', 'movement_officer', 'health_officer', 'duty_supervisor', ...PROTECTION_ROLES],
  protection: PROTECTION_ROLES,
  notes: ['case_worker', 'health_officer', 'consular_officer', ...PROTECTION_ROLES],
} as const satisfies Record<string, readonly Role[]>;

export type FieldGroup = keyof typeof FIELD_READERS;
export const FIELD_GROUPS = Object.keys(FIELD_READERS) as FieldGroup[];

/** The groups that these roles may see, in the order of the table. */
export function fieldsFor(roles: readonly Role[]): FieldGroup[] {
  return FIELD_GROUPS.filter((group) => FIELD_READERS[group].some((role) => roles.includes(role)));
}

/** Operations in which a role of the principal reads this group: ids, or `all`. */
export function operationsReading(principal: Principal, group: FieldGroup): 'all' | string[] {
  const readers: readonly (Role | 'partner')[] = FIELD_READERS[group];
  return operationsOf({ ...principal, roles: principal.roles.filter(({ role }) => readers.includes(role)) });
}

/** Flags of registration that say nothing about a hold; all others are `protection`. */
export const CARE_FLAGS: readonly string[] = ['ELDERLY', 'DISABILITY', 'PREGNANT', 'MEDICAL'];

export function mayKnowHolds(roles: readonly Role[]): boolean {
  return roles.some((role) => PROTECTION_ROLES.includes(role));
}
