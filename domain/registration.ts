import type { HoldType } from './holds.ts';
import type { Code } from './imports/codes.ts';
import { ADULT_AT, ageRange, type CalendarDay, isRealDay, type PartialDate } from './imports/dates.ts';
import { isFirstLine, isLine, readSecondLine } from './imports/passport.ts';
import type { PersonMeaning, ProtectionFlag } from './imports/person.ts';
import { type Instant, instantOf, isoDay, startOfDay } from './time.ts';

/**
 * What follows from the registration of a judged person: holds, priority, kind of seat, document.
 * The same row always has the same consequences.
 */

const HOLD_OF: Partial<Record<ProtectionFlag, HoldType>> = {
  UASC: 'UASC',
  CHILD_HEAD: 'BEST_INTERESTS',
  UNVERIFIED_CARER: 'CUSTODY',
  TRAFFICKING_RISK: 'TRAFFICKING',
  ASYLUM: 'ASYLUM',
  PROTECTION_CONCERN: 'PROTECTION_CONCERN',
};

/**
 * Holds that are open before the first request to a partner. `householdIncomplete`: the row of a member was rejected.
 * The household cannot travel as a whole until protection decides. The hold DATA_DISPUTE stops every member, as any hold
 * does: seats, boarding and every request to a partner.
 */
export function holdsAtRegistration(protection: readonly ProtectionFlag[], householdIncomplete: boolean): HoldType[] {
  const types = protection.flatMap((flag) => HOLD_OF[flag] ?? []);
  return [...new Set<HoldType>(householdIncomplete ? [...types, 'DATA_DISPUTE'] : types)];
}

/**
 * Lower is earlier: vulnerable people first, then by the time of the request. Asylum and trafficking do not count here,
 * because the order of a list must not disclose a hold.
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

/** The priority of a household is that of its most vulnerable member. */
export function priorityOf(members: ReadonlyArray<readonly ProtectionFlag[]>): number {
  return Math.min(ORDINARY_PRIORITY, ...members.flat().map((flag) => PRIORITY_OF[flag] ?? ORDINARY_PRIORITY));
}

export type Traveller = 'adult' | 'child' | 'infant';

const INFANT_UNDER = 2;

/**
 * The kind of seat of a person on the reference date. A vague birth date counts as the younger age; a missing one counts
 * as adult.
 */
export function travellerOf(birthDate: PartialDate | null, on: CalendarDay): Traveller {
  if (birthDate === null) return 'adult';
  const { least } = ageRange(birthDate, on);
  if (least < INFANT_UNDER) return 'infant';
  return least < ADULT_AT ? 'child' : 'adult';
}

/** Findings that raise doubt whether the passport is this person's, or was read correctly. */
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
 * The passport of a person, where its lines leave no doubt and it has not expired at `at`. It is valid until its last
 * day begins in UTC. A person checks any other document, because its expiry is not on the list.
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

/** When somebody asked for return. Where the list gives no UTC offset, its local time is read as UTC. */
export function registeredInstant(registered: NonNullable<PersonMeaning['registeredAt']>): Instant {
  return registered.instant ?? instantOf(`${registered.local}Z`);
}

/** The reference date for ages where nobody has set another: the operation's current day in UTC. */
export function referenceDateOf(at: Instant): string {
  return isoDay(at);
}
