import { PROTECTION_ROLES, type Role } from './actor.ts';

export const HOLD_TYPES = [
  'UASC',
  'BEST_INTERESTS',
  'TRAFFICKING',
  'ASYLUM',
  'CUSTODY',
  'PROTECTION_CONCERN',
  'CONSENT_DOUBT',
  'DETENTION',
  'SECURITY',
  'DATA_DISPUTE',
] as const;

export type HoldType = (typeof HOLD_TYPES)[number];

export type HoldRule = {
  releasedBy: readonly Role[];
  /** a first approval, then the approval of a second person */
  twoPersons: boolean;
  /** whoever raised it may not release it */
  notByRaiser: boolean;
};

const BY_PROTECTION: HoldRule = { releasedBy: PROTECTION_ROLES, twoPersons: false, notByRaiser: false };
const BY_TWO_LEADS: HoldRule = { releasedBy: ['protection_lead'], twoPersons: true, notByRaiser: false };
const NOT_BY_RAISER: HoldRule = { ...BY_PROTECTION, notByRaiser: true };

/**
 * Who may release a hold of each kind. Every hold stops disclosure, seat and boarding, ends by no time, and is released
 * by protection alone: what it blocks or who may release it would tell its kind.
 */
export const HOLD_RULES: Record<HoldType, HoldRule> = {
  ASYLUM: BY_TWO_LEADS,
  TRAFFICKING: BY_TWO_LEADS,
  UASC: BY_PROTECTION,
  BEST_INTERESTS: BY_PROTECTION,
  CUSTODY: BY_PROTECTION,
  PROTECTION_CONCERN: BY_PROTECTION,
  CONSENT_DOUBT: NOT_BY_RAISER,
  DETENTION: NOT_BY_RAISER,
  SECURITY: NOT_BY_RAISER,
  DATA_DISPUTE: NOT_BY_RAISER,
};

/**
 * Tasks that are done when a hold is released or void: those of this kind that name the hold, or, with a type, those of
 * the household once no hold of that type blocks anybody in it.
 */
export type Settlement = { kind: string; noneLeftOf?: HoldType };

export const SETTLED_BY_HOLDS: readonly Settlement[] = [
  { kind: 'resume' },
  // The household lacks a rejected row. Whoever releases the last of its holds has decided about the missing member.
  { kind: 'completeHousehold', noneLeftOf: 'DATA_DISPUTE' },
];
