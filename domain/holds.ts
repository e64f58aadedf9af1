import type { Role } from './actor.ts';

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
  fourEyes: boolean;
  /** whoever raised it may not release it */
  notByRaiser: boolean;
};

const BY_PROTECTION: HoldRule = {
  releasedBy: ['protection_officer', 'protection_lead'],
  fourEyes: false,
  notByRaiser: false,
};
const TWO_PERSONS: HoldRule = {
  releasedBy: ['protection_lead'],
  fourEyes: true,
  notByRaiser: false,
};
const SUPERVISION: HoldRule = {
  releasedBy: ['duty_supervisor', 'operation_lead'],
  fourEyes: false,
  notByRaiser: true,
};

/** What each kind of hold stops, and who may release it. No hold ends by time. */
export const HOLD_RULES: Record<HoldType, HoldRule> = {
  ASYLUM: TWO_PERSONS,
  TRAFFICKING: TWO_PERSONS,
  UASC: BY_PROTECTION,
  BEST_INTERESTS: BY_PROTECTION,
  CUSTODY: BY_PROTECTION,
  PROTECTION_CONCERN: BY_PROTECTION,
  CONSENT_DOUBT: SUPERVISION,
  DETENTION: SUPERVISION,
  SECURITY: SUPERVISION,
  DATA_DISPUTE: SUPERVISION,
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
