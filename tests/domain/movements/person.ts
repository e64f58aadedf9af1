import type { PersonPreconditions } from '../../../domain/movements/householdGroup.ts';
import type { Occasion } from '../../../domain/preconditions.ts';
import { DAY } from '../../../domain/time.ts';

export const NOW = 1_000 * DAY;
export const OCCASION: Occasion = {
  now: NOW,
  departsAt: NOW + DAY,
  arrivesAt: NOW + 2 * DAY,
  needs: { nationality: true, document: false, exitPermit: false },
  rules: { documentValidityAfterArrival: 0, consentMaxAge: 30 * DAY },
};

/** A person of the household `hh` who meets all preconditions. */
export const person = (id: string, over: Partial<PersonPreconditions> = {}): PersonPreconditions => ({
  journeyId: id,
  personId: `per_${id}`,
  householdId: 'hh',
  operationId: 'op',
  nationalityCode: 'VUT',
  traveller: 'adult',
  isHead: false,
  conditions: [],
  nextLegCode: 's',
  groupSeated: true,
  identity: 'confirmed',
  screening: 'done',
  members: 'ready',
  consent: { status: 'given', sharing: true, namesState: true, confirmedAt: NOW },
  held: false,
  nationality: 'confirmed',
  document: { status: 'none' },
  exitPermit: 'open',
  fitness: { status: 'fit', until: NOW + 3 * DAY },
  householdWhole: true,
  operationRunning: true,
  agreement: false,
  seatOnThisMovement: true,
  movementCleared: true,
  householdOpen: false,
  ended: false,
  ...over,
});
