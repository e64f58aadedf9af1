import { z } from 'zod';
import { storedValue } from './versioned.ts';

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

/** Who acted: a member of staff under one of their roles, a partner, or the system. */
const Actor = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('staff'), id: z.string(), role: z.enum(ROLES) }),
  z.object({ kind: z.literal('partner'), id: z.string() }),
  z.object({ kind: z.literal('system'), id: z.literal('homeward') }),
]);
export type Actor = z.infer<typeof Actor>;

export const STORED_ACTOR = storedValue('Actor', Actor);

export const SYSTEM: Actor = { kind: 'system', id: 'homeward' };

export function isRole(text: string): text is Role {
  return ROLES.some((role) => role === text);
}

/** The roles that may know the kind and the reason of a hold. */
export const PROTECTION_ROLES: readonly Role[] = ['protection_officer', 'protection_lead'];
