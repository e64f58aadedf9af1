import type { HoldType } from './holds.ts';
import { ADULT_AT, ageRange, type PartialDate } from './imports/birthDate.ts';
import { type CalendarDay, isRealDay } from './imports/calendarDay.ts';
import type { Code } from './imports/codes.ts';
import type { PersonMeaning } from './imports/meaning.ts';
import { isFirstLine, isLine, readSecondLine } from './imports/mrz.ts';
import type { ProtectionFlag } from './imports/protection.ts';
import { type Instant, instantOf, isoDay, startOfDay } from './time.ts';

/**
 * What follows for the operation when a judged person is taken in: holds, how early, which seat, which document.
 * Pure: the same row always has the same consequences.
 */

const HOLD_OF: Partial<Record<ProtectionFlag, HoldType>> = {
  UASC: 'UASC',
  CHILD_HEAD: 'BEST_INTERESTS',
  UNVERIFIED_CARER: 'CUSTODY',
  TRAFFICKING_RISK: 'TRAFFICKING',
  ASYLUM: 'ASYLUM',
};

/**
 * Holds that stand before any request leaves the system. `householdIncomplete`: a member's row was rejected, so the
 * unit cannot travel as a whole until the row is corrected or a supervisor has decided (DATA_DISPUTE stops seat and
 * boarding of everybody in it; asking the partners goes on).
 */
export function holdsAtRegistration(protection: readonly ProtectionFlag[], householdIncomplete: boolean): HoldType[] {
  const types = protection.flatMap((flag) => HOLD_OF[flag] ?? []);
  return [...new Set<HoldType>(householdIncomplete ? [...types, 'DATA_DISPUTE'] : types)];
}

/**
 * Lower is earlier. Vulnerable first, else in order of request (domain.md 2.1). Asylum and trafficking have no place
 * here: the order of a list must not tell what a hold hides.
 */
const PRIORITY_OF: Partial<Record<ProtectionFlag, number>> = {
  MEDICAL: 10,
  UASC: 20,
  CHILD_HEAD: 20,
  PREGNANT: 30,
  DISABILITY: 40,
  ELDERLY: 50,
};

export const ORDINARY_PRIORITY = 100;

/** The household goes as early as its most vulnerable member. */
export function priorityOf(members: ReadonlyArray<readonly ProtectionFlag[]>): number {
  return Math.min(ORDINARY_PRIORITY, ...members.flat().map((flag) => PRIORITY_OF[flag] ?? ORDINARY_PRIORITY));
}

export type Traveller = 'adult' | 'child' | 'infant';

const INFANT_UNDER = 2;

/** Who takes which seat, on the reference date. A date too vague to tell counts as the younger; none at all as an adult. */
export function travellerOf(birthDate: PartialDate | null, on: CalendarDay): Traveller {
  if (birthDate === null) return 'adult';
  const { least } = ageRange(birthDate, on);
  if (least < INFANT_UNDER) return 'infant';
  return least < ADULT_AT ? 'child' : 'adult';
}

/** Whatever casts doubt on whether the passport is this person's, or whether it was read rightly. */
const DOUBTS: readonly Code[] = [
  'MRZ_FORMAT',
  'MRZ_CHECK_DIGIT',
  'MRZ_NAME_DIFFERS',
  'MRZ_NUMBER_DIFFERS',
  'MRZ_DOB_DIFFERS',
  'MRZ_SEX_DIFFERS',
  'MRZ_NATIONALITY_DIFFERS',
  'DOCUMENT_EXPIRED',
];

export type HeldPassport = { issuedBy: string; validUntil: Instant };

/**
 * The passport a person holds, where its lines leave no doubt and it has not expired at `at`. It counts until its last
 * day begins in UTC. Any other document is for a person to look at: its expiry is not on the list.
 */
export function heldPassport(meaning: PersonMeaning, codes: readonly Code[], at: Instant): HeldPassport | undefined {
  const { document, mrz } = meaning;
  if (document?.type !== 'PASSPORT' || mrz === null || codes.some((code) => DOUBTS.includes(code))) return undefined;
  if (!isFirstLine(mrz.line1) || !isLine(mrz.line2)) return undefined;
  const { expiryDate } = readSecondLine(mrz.line2);
  if (!/^[0-9]{6}$/.test(expiryDate)) return undefined;
  const [year, month, day] = [
    2000 + Number(expiryDate.slice(0, 2)),
    Number(expiryDate.slice(2, 4)),
    Number(expiryDate.slice(4)),
  ];
  if (!isRealDay(year, month, day)) return undefined;
  const validUntil = startOfDay(year, month, day);
  return validUntil > at ? { issuedBy: mrz.line1.slice(2, 5).replaceAll('<', ''), validUntil } : undefined;
}

/** When somebody asked to be brought home. Where the list gives no offset from UTC, its local time is read as UTC. */
export function registeredInstant(registered: NonNullable<PersonMeaning['registeredAt']>): Instant {
  return registered.instant ?? instantOf(`${registered.local}Z`);
}

/** The calendar day, in UTC, on which ages are reckoned where nobody has said another: the operation's own day. */
export function referenceDateOf(at: Instant): string {
  return isoDay(at);
}
