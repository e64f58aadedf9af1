import type { LegNeeds, Rules } from './rules.ts';
import type { Instant } from './time.ts';

/**
 * Steps that cannot be compensated, or that lead to one. The preconditions are evaluated with fresh data right before
 * each.
 */
export const STEPS = ['disclose', 'allocate', 'lock', 'check_in', 'board', 'pay'] as const;
export type Step = (typeof STEPS)[number];

export const CONDITIONS = [
  'identity',
  'consent',
  'holds',
  'nationality',
  'document',
  'exit_permit',
  'fitness',
  'household',
  'operation',
  'seat',
  'clearance',
] as const;
export type Condition = (typeof CONDITIONS)[number];

/** Precondition × step: which precondition applies to which step. */
export const PRECONDITIONS: Record<Condition, Record<Step, boolean>> = {
  identity: { disclose: false, allocate: true, lock: true, check_in: true, board: true, pay: true },
  consent: { disclose: true, allocate: true, lock: true, check_in: true, board: true, pay: false },
  holds: { disclose: true, allocate: true, lock: true, check_in: true, board: true, pay: true },
  nationality: { disclose: false, allocate: true, lock: true, check_in: true, board: true, pay: false },
  document: { disclose: false, allocate: true, lock: true, check_in: true, board: true, pay: false },
  exit_permit: { disclose: false, allocate: true, lock: true, check_in: true, board: true, pay: false },
  fitness: { disclose: false, allocate: true, lock: true, check_in: true, board: true, pay: false },
  household: { disclose: false, allocate: true, lock: true, check_in: true, board: true, pay: false },
  operation: { disclose: true, allocate: true, lock: true, check_in: true, board: true, pay: true },
  seat: { disclose: false, allocate: false, lock: true, check_in: true, board: true, pay: false },
  clearance: { disclose: false, allocate: false, lock: true, check_in: true, board: true, pay: false },
};

/** Fresh data about one person, read in the transaction that takes the step. */
export type PreconditionInput = {
  identity: 'unknown' | 'unclear' | 'confirmed';
  screened: boolean;
  consent: { status: 'none' | 'pending' | 'given' | 'refused' | 'withdrawn'; sharing: boolean; confirmedAt?: Instant };
  /** whether a hold is open: of whatever kind, it stops every step */
  held: boolean;
  nationality: 'open' | 'requested' | 'confirmed' | 'not_confirmed' | 'undetermined' | 'retracted';
  document: { status: 'none' | 'held' | 'requested' | 'issued' | 'refused' | 'expired'; validUntil?: Instant };
  exitPermit: 'open' | 'requested' | 'granted' | 'refused' | 'not_required';
  fitness: { status: 'unknown' | 'requested' | 'fit' | 'fit_with' | 'unfit' | 'expired'; until?: Instant };
  /** whether every member who still travels passes and, from the lock on, holds a seat on the same movement */
  householdWhole: boolean;
  operationRunning: boolean;
  /** whether an agreement with the partner covers this purpose today */
  agreement: boolean;
  seatOnThisMovement: boolean;
  movementCleared: boolean;
  /** whether a member has left the household and nobody has confirmed yet that the rest continues */
  householdOpen: boolean;
  ended: boolean;
};

/** The occasion: when, and what the leg requires. */
export type Occasion = {
  now: Instant;
  /** departure and arrival of the movement; absent for `disclose` and `pay` */
  departsAt?: Instant;
  arrivesAt?: Instant;
  needs: LegNeeds;
  rules: Pick<Rules, 'documentValidityAfterArrival' | 'consentMaxAge'>;
};

/** Reasons that everybody may read. */
export const OPEN_REASONS = [
  'journey_ended',
  'identity_open',
  'screening_open',
  'consent_old',
  'nationality_open',
  'document_missing',
  'document_too_short',
  'exit_permit_missing',
  'not_fit',
  'fitness_expires',
  'operation_not_running',
  'no_agreement',
  'no_seat',
  'not_cleared',
] as const;
type OpenReason = (typeof OPEN_REASONS)[number];
type ProtectedReason = 'consent_missing' | 'sharing_not_consented' | 'hold' | 'household_incomplete';

/** Why a step is refused. `neutral` is for readers outside protection: it never discloses the kind of a hold. */
export type PreconditionReason = {
  condition: Condition;
  code: OpenReason | ProtectedReason;
  full: string;
  neutral: string;
};

type Check = (input: PreconditionInput, step: Step, occasion: Occasion) => PreconditionReason | undefined;

const reason = (condition: Condition, code: OpenReason, full: string): PreconditionReason => ({
  condition,
  code,
  full,
  neutral: full,
});

const protectedReason = (
  condition: Condition,
  code: ProtectedReason,
  full: string,
  neutral: string,
): PreconditionReason => ({ condition, code, full, neutral });

const CHECKS: Record<Condition, Check> = {
  identity: (f) => {
    if (f.ended) return reason('identity', 'journey_ended', 'The journey has ended');
    if (f.identity !== 'confirmed') return reason('identity', 'identity_open', 'The identity is not confirmed');
    return f.screened ? undefined : reason('identity', 'screening_open', 'The person has not been screened yet');
  },
  consent: (f, step, { now, rules }) => {
    if (f.consent.status !== 'given') {
      return protectedReason('consent', 'consent_missing', 'There is no consent', 'Not travelling on this movement');
    }
    if (step === 'disclose') {
      return f.consent.sharing
        ? undefined
        : protectedReason(
            'consent',
            'sharing_not_consented',
            'The person has not agreed that data may be shared',
            'Nothing may be shared',
          );
    }
    const confirmed = f.consent.confirmedAt;
    return confirmed !== undefined && now - confirmed <= rules.consentMaxAge
      ? undefined
      : reason('consent', 'consent_old', 'The consent is too old and must be confirmed again');
  },
  holds: (f) =>
    f.held
      ? protectedReason('holds', 'hold', 'A protection hold is open', 'Not travelling on this movement')
      : undefined,
  nationality: (f, _step, { needs }) =>
    !needs.nationality || f.nationality === 'confirmed'
      ? undefined
      : reason('nationality', 'nationality_open', 'No consulate has confirmed the nationality'),
  document: (f, _step, { needs, arrivesAt, rules, now }) => {
    if (!needs.document) return undefined;
    if (f.document.status !== 'held' && f.document.status !== 'issued') {
      return reason('document', 'document_missing', 'There is no travel document');
    }
    const neededUntil = (arrivesAt ?? now) + rules.documentValidityAfterArrival;
    return f.document.validUntil !== undefined && f.document.validUntil >= neededUntil
      ? undefined
      : reason('document', 'document_too_short', 'The travel document does not stay valid long enough after arrival');
  },
  exit_permit: (f, _step, { needs }) =>
    !needs.exitPermit || f.exitPermit === 'granted' || f.exitPermit === 'not_required'
      ? undefined
      : reason('exit_permit', 'exit_permit_missing', 'There is no exit permit'),
  fitness: (f, _step, { departsAt, now }) => {
    if (f.fitness.status !== 'fit' && f.fitness.status !== 'fit_with') {
      return reason('fitness', 'not_fit', 'No health officer has found the person fit to travel');
    }
    return f.fitness.until !== undefined && f.fitness.until >= (departsAt ?? now)
      ? undefined
      : reason('fitness', 'fitness_expires', 'The fitness finding does not reach the day of travel');
  },
  household: (f) =>
    f.householdWhole && !f.householdOpen
      ? undefined
      : protectedReason(
          'household',
          'household_incomplete',
          'The household cannot travel as a whole',
          'Not travelling on this movement',
        ),
  operation: (f, step) => {
    if (!f.operationRunning) return reason('operation', 'operation_not_running', 'The operation is not running here');
    if (step === 'disclose' && !f.agreement) {
      return reason('operation', 'no_agreement', 'There is no agreement with this partner for this purpose');
    }
    return undefined;
  },
  seat: (f) => (f.seatOnThisMovement ? undefined : reason('seat', 'no_seat', 'There is no seat on this movement')),
  clearance: (f) => (f.movementCleared ? undefined : reason('clearance', 'not_cleared', 'The movement is not cleared')),
};

/** Every reason why this person may not take `step` now, in the order of the preconditions; empty means allowed. */
export function failedPreconditions(step: Step, input: PreconditionInput, occasion: Occasion): PreconditionReason[] {
  return CONDITIONS.filter((condition) => PRECONDITIONS[condition][step]).flatMap((condition) => {
    const found = CHECKS[condition](input, step, occasion);
    return found ? [found] : [];
  });
}
