import { PROTECTION_ROLES, type Role } from './actor.ts';
import { PAIR_DECIDERS } from './duplicates/decisions.ts';

/** A role is given per operation; `*` stands for every operation. Organisations outside hold the role `partner`. */
export type Grant = { role: Role | 'partner'; operation: string };

/** Who asks: the subject of the token, what was granted to it, and for an organisation which partner it is. */
export type Principal = { sub: string; roles: readonly Grant[]; partnerId?: string };

/**
 * How far a permission reaches.
 * public: nobody signs in · anywhere: the role in any operation · global: the role in every operation (plans, partners)
 * · operation: the role in the operation that the thing belongs to.
 */
export type Reach = 'public' | 'anywhere' | 'global' | 'operation';

type Permission = { reach: Reach; roles: readonly (Role | 'partner')[]; sentence: string };

/** Those who carry an operation day by day: they see its people. */
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

/** Role × action: the one table. A route whose action has no row here stops the start. */
export const ACCESS = {
  'public.read': { reach: 'public', roles: [], sentence: 'Health, metrics, documentation, pages on problems' },
  'callback.receive': { reach: 'public', roles: [], sentence: 'An answer of a partner, known by its signature' },
  'me.read': { reach: 'anywhere', roles: WITH_PARTNERS, sentence: 'See who one is and what one may do' },

  'plan.read': { reach: 'anywhere', roles: READERS, sentence: 'Read preparedness plans' },
  'plan.write': { reach: 'global', roles: PLANNERS, sentence: 'Write a preparedness plan' },
  'plan.activate': {
    reach: 'global',
    roles: ['coordinator', 'operation_lead'],
    sentence: 'Make an operation of a plan',
  },

  'operation.create': { reach: 'global', roles: PLANNERS, sentence: 'Open an operation' },
  'operation.list': { reach: 'anywhere', roles: READERS, sentence: 'List the operations one has a role in' },
  'operation.read': { reach: 'operation', roles: READERS, sentence: 'Read an operation, its rules, clock and sectors' },
  'operation.command': {
    reach: 'operation',
    roles: ['coordinator', 'duty_supervisor', 'operation_lead', 'protection_lead'],
    sentence: 'Decide about an operation (each command names its roles)',
  },
  'operation.configure': { reach: 'operation', roles: PLANNERS, sentence: 'Change rules, sectors and partners' },
  'situation.read': { reach: 'operation', roles: READERS, sentence: 'See where people stand and what they wait for' },

  'households.register': { reach: 'operation', roles: ['case_worker', 'coordinator'], sentence: 'Take in a household' },
  'imports.check': {
    reach: 'operation',
    roles: ['case_worker', 'coordinator'],
    sentence: 'Try a list, say how it is to be read, and correct it',
  },
  'imports.read': {
    reach: 'operation',
    roles: ['case_worker', 'coordinator', 'protection_officer', 'protection_lead', 'operation_lead', 'auditor'],
    sentence: 'Read what was found of a list, with the cells that one’s role is shown',
  },
  'imports.commit': { reach: 'operation', roles: ['coordinator', 'operation_lead'], sentence: 'Commit a list' },

  'people.list': { reach: 'operation', roles: [...TEAM, 'auditor'], sentence: 'List the people of an operation' },
  'people.search': { reach: 'anywhere', roles: TEAM, sentence: 'Look for a person by name or number' },
  'person.read': { reach: 'operation', roles: [...TEAM, 'auditor'], sentence: 'Read a person, their history and now' },
  'person.command': {
    reach: 'operation',
    roles: TEAM,
    sentence: 'Decide about a person (each command names its roles)',
  },
  'person.serve': {
    reach: 'operation',
    roles: ['case_worker', 'coordinator', 'health_officer', 'protection_officer', 'protection_lead'],
    sentence: 'Record a service given',
  },
  'person.disclosures': {
    reach: 'operation',
    roles: ['protection_officer', 'protection_lead', 'operation_lead', 'auditor'],
    sentence: 'Read who was told or shown what about a person',
  },

  'pair.read': {
    reach: 'operation',
    roles: [...PAIR_DECIDERS, 'auditor'],
    sentence: 'Read who may have been registered twice, both side by side',
  },
  'pair.decide': {
    reach: 'operation',
    roles: PAIR_DECIDERS,
    sentence: 'Decide whether two registrations are one person',
  },

  'task.read': { reach: 'anywhere', roles: TEAM, sentence: 'Read the decisions that wait for one' },
  'task.list': {
    reach: 'operation',
    roles: [...TEAM, 'auditor'],
    sentence: 'Read the decisions that wait in an operation',
  },

  'alarm.read': {
    reach: 'anywhere',
    roles: ['coordinator', 'duty_supervisor', 'operation_lead', 'admin', 'auditor'],
    sentence: 'Read what went wrong and needs somebody to look at it',
  },
  'alarm.settle': {
    reach: 'operation',
    roles: ['duty_supervisor', 'operation_lead', 'admin'],
    sentence: 'Say that an alarm has been dealt with',
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
    sentence: 'Read a manifest, and who was not seated',
  },
  'movement.command': {
    reach: 'operation',
    roles: ['movement_officer', 'coordinator', 'duty_supervisor', 'operation_lead'],
    sentence: 'Decide about a movement (each command names its roles)',
  },
  'movement.scan': {
    reach: 'operation',
    roles: ['movement_officer', 'case_worker', 'coordinator'],
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
    sentence: 'Read what was delivered',
  },
  'event.read': { reach: 'anywhere', roles: WITH_PARTNERS, sentence: 'Read events from a position on' },
} as const satisfies Record<string, Permission>;

export type Action = keyof typeof ACCESS;

/** `hidden`: the asker has no business there at all and learns nothing (404). `forbidden`: a colleague of another role (403). */
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

/** May this principal do this, in this operation? A row with reach `operation` needs one. */
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

/** Operations in which one of the principal's roles may do this: ids, or `all`. For what reaches `anywhere` and must stay where the role is held. */
export function operationsFor(principal: Principal, action: Action): 'all' | string[] {
  const { roles }: Permission = ACCESS[action];
  return operationsOf({ ...principal, roles: principal.roles.filter(({ role }) => roles.includes(role)) });
}

/** The role under which somebody gives a command: the first of those it names that they hold. */
export function roleFor(named: readonly Role[], held: readonly Role[]): Role | undefined {
  return named.find((role) => held.includes(role));
}

/** Groups of personal data, as they are stored and shown. */
export const FIELD_GROUPS = ['names', 'birth', 'phone', 'document', 'language', 'care', 'protection', 'notes'] as const;
export type FieldGroup = (typeof FIELD_GROUPS)[number];

/**
 * Which personal data each role is shown. `care` are needs that a journey must serve (age, illness, pregnancy);
 * `protection` is the kind and reason of a hold and every flag that hints at one.
 */
const FIELD_RIGHTS: Record<Role, readonly FieldGroup[]> = {
  coordinator: ['names', 'birth', 'phone', 'language', 'care'],
  case_worker: ['names', 'birth', 'phone', 'document', 'language', 'care', 'notes'],
  movement_officer: ['names', 'birth', 'document', 'language', 'care'],
  health_officer: ['names', 'birth', 'language', 'care', 'notes'],
  consular_officer: ['names', 'birth', 'document', 'language', 'notes'],
  protection_officer: FIELD_GROUPS,
  protection_lead: FIELD_GROUPS,
  duty_supervisor: ['names', 'phone', 'language', 'care'],
  operation_lead: ['names', 'language'],
  auditor: [],
  admin: [],
};

/** The groups that somebody with these roles is shown, in the order of the table. */
export function fieldsFor(roles: readonly Role[]): FieldGroup[] {
  return FIELD_GROUPS.filter((group) => roles.some((role) => FIELD_RIGHTS[role].includes(group)));
}

/** Flags of registration that say nothing about a hold; all others are `protection`. */
export const CARE_FLAGS: readonly string[] = ['ELDERLY', 'DISABILITY', 'PREGNANT', 'MEDICAL'];

export function mayKnowHolds(roles: readonly Role[]): boolean {
  return roles.some((role) => PROTECTION_ROLES.includes(role));
}
