import type { LegNeeds, Rules } from './rules.ts';
import type { Instant } from './time.ts';

/**
 * Steps that cannot be compensated, or that lead to one. The preconditions are evaluated with fresh data right before
 * each.
 */
export const STEPS = ['disclose', 'allocate', 'lock', 'check_in', 'board', 'pay'] as const;
export type Step = (typeof STEPS)[number];

export const CONDITIONS = [
  'screening',
  'identity',
  'consent',
  'holds',
  'nationality',
  'document',
  'exit_permit',
  'fitness',
  'household',
  'members',
  'operation',
  'seat',
  'clearance',
] as const;
export type Condition = (typeof CONDITIONS)[number];

/** Precondition × step: which precondition applies to which step. */
export const PRECONDITIONS: Record<Condition, Record<Step, boolean>> = {
  screening: { disclose: true, allocate: true, lock: true, check_in: true, board: true, pay: true },
  identity: { disclose: false, allocate: true, lock: true, check_in: true, board: true, pay: true },
  consent: { disclose: true, allocate: true, lock: true, check_in: true, board: true, pay: false },
  holds: { disclose: true, allocate: true, lock: true, check_in: true, board: true, pay: true },
  nationality: { disclose: false, allocate: true, lock: true, check_in: true, board: true, pay: false },
  document: { disclose: false, allocate: true, lock: true, check_in: true, board: true, pay: false },
  exit_permit: { disclose: false, allocate: true, lock: true, check_in: true, board: true, pay: false },
  fitness: { disclose: false, allocate: true, lock: true, check_in: true, board: true, pay: false },
  household: { disclose: false, allocate: true, lock: true, check_in: true, board: true, pay: false },
  members: { disclose: true, allocate: false, lock: false, check_in: false, board: false, pay: false },
  operation: { disclose: true, allocate: true, lock: true, check_in: true, board: true, pay: true },
  seat: { disclose: false, allocate: false, lock: true, check_in: true, board: true, pay: false },
  clearance: { disclose: false, allocate: false, lock: true, check_in: true, board: true, pay: false },
};

/** Fresh data about one person, read in the transaction that takes the step. */
export type PreconditionInput = {
  identity: 'unknown' | 'unclear' | 'confirmed';
  /** `undecided`: it found a risk about which protection has not decided */
  screening: 'open' | 'undecided' | 'done';
  consent: {
    status: 'none' | 'pending' | 'given' | 'refused' | 'withdrawn';
    sharing: boolean;
    /** whether the consent names this partner's State; true for a partner that is no consulate */
    namesState: boolean;
    confirmedAt?: Instant;
  };
  /** whether a hold is open: of whatever kind, it stops every step */
  held: boolean;
  nationality: 'open' | 'requested' | 'confirmed' | 'not_confirmed' | 'undetermined' | 'retracted';
  document: { status: 'none' | 'held' | 'requested' | 'issued' | 'refused' | 'expired'; validUntil?: Instant };
  exitPermit: 'open' | 'requested' | 'granted' | 'refused' | 'not_required';
  fitness: { status: 'unknown' | 'requested' | 'fit' | 'fit_with' | 'unfit' | 'expired'; until?: Instant };
  /** whether every member who still travels passes and, from the lock on, holds a seat on the same movement */
  householdWhole: boolean;
  /**
   * `open`: a member who still travels is not screened, has not consented, or is under a hold, so nothing is requested
   * of any office for the way. `unready`: all may be asked about, but some lack more than a finding of fitness
   */
  members: 'open' | 'unready' | 'ready';
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
  /** what is disclosed for: to know who the person is, for the way home, or to renew a finding of fitness */
  about?: 'person' | 'way' | 'renewal';
  rules: Pick<Rules, 'documentValidityAfterArrival' | 'consentMaxAge'>;
};

/** Reasons that everybody may read. */
export const OPEN_REASONS = [
  'journey_ended',
  'identity_open',
  'screening_open',
  'members_open',
  'members_unready',
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
type ProtectedReason =
  | 'consent_missing'
  | 'sharing_not_consented'
  | 'state_not_consented'
  | 'hold'
  | 'household_incomplete';

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
  // A risk that is not decided stops what is disclosed, and looks like a screening that is not complete.
  screening: (f, step) =>
    f.screening === 'done' || (f.screening === 'undecided' && step !== 'disclose')
      ? undefined
      : reason('screening', 'screening_open', 'The screening is not complete'),
  identity: (f) => {
    if (f.ended) return reason('identity', 'journey_ended', 'The journey has ended');
    return f.identity === 'confirmed'
      ? undefined
      : reason('identity', 'identity_open', 'The identity is not confirmed');
  },
  consent: (f, step, { now, rules }) => {
    if (f.consent.status !== 'given') {
      return protectedReason('consent', 'consent_missing', 'There is no consent', 'Not travelling on this movement');
    }
    if (step === 'disclose') {
      const neutral = 'Nothing may be shared';
      if (!f.consent.sharing)
        return protectedReason(
          'consent',
          'sharing_not_consented',
          'The person has not agreed that data may be shared',
          neutral,
        );
      return f.consent.namesState
        ? undefined
        : protectedReason(
            'consent',
            'state_not_consented',
            'The person has not agreed that this State is asked',
            neutral,
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
  members: (f, _step, { about = 'way' }) => {
    if (about === 'person' || f.members === 'ready') return undefined;
    if (f.members === 'open')
      return reason('members', 'members_open', 'Not every member of the household can be asked about yet');
    return about === 'renewal'
      ? reason('members', 'members_unready', 'The household lacks more than a health check')
      : undefined;
  },
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
