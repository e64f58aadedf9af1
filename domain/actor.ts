/** Who did it: a member of staff under one of their roles, a partner organisation, or the system itself. */
export type Actor =
  | { kind: 'staff'; id: string; role: Role }
  | { kind: 'partner'; id: string }
  | { kind: 'system'; id: 'homeward' };

export const SYSTEM: Actor = { kind: 'system', id: 'homeward' };

/** Roles of staff, each given per operation; a person may hold several. */
export const ROLES = [
  'coordinator',
  'case_worker',
  'movement_officer',
  'health_officer',
  'consular_officer',
  'protection_officer',
  'protection_lead',
  'duty_supervisor',
  'operation_lead',
  'auditor',
  'admin',
] as const;

export type Role = (typeof ROLES)[number];

export function isRole(text: string): text is Role {
  return ROLES.some((role) => role === text);
}

/** Those who may know what kind of hold it is, and why. */
export const PROTECTION_ROLES: readonly Role[] = ['protection_officer', 'protection_lead'];
