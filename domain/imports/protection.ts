import { ageRange, type ChildState, ELDERLY_AT, type PartialDate } from './birthDate.ts';
import type { CalendarDay } from './calendarDay.ts';
import type { Code } from './codes.ts';

export const SPECIAL_NEEDS = [
  'UASC',
  'TRAFFICKING_RISK',
  'PREGNANT',
  'MEDICAL',
  'DISABILITY',
  'ELDERLY',
  'ASYLUM',
] as const;

export type SpecialNeed = (typeof SPECIAL_NEEDS)[number];

/** Flags that a protection officer must review. */
export const PROTECTION_FLAGS = [
  ...SPECIAL_NEEDS,
  'UNVERIFIED_CARER',
  'CHILD_HEAD',
  'STATELESS',
  'NATIONALITY_UNKNOWN',
] as const;

export type ProtectionFlag = (typeof PROTECTION_FLAGS)[number];

/** The known codes of the cell, each once. Blanks around `;` are ignored, and so are unknown codes. */
export function readSpecialNeeds(cell: string): SpecialNeed[] {
  const written = new Set(cell.split(';').map((code) => code.trim()));
  return SPECIAL_NEEDS.filter((code) => written.has(code));
}

/** Flags from the row alone. */
export function flagsOfRow(row: {
  specialNeeds: readonly SpecialNeed[];
  child: ChildState;
  isHead: boolean;
  birthDate: PartialDate | null;
  nationality: string;
  referenceDate: CalendarDay;
}): ProtectionFlag[] {
  const flags: ProtectionFlag[] = [...row.specialNeeds];
  if (row.birthDate !== null && ageRange(row.birthDate, row.referenceDate).least >= ELDERLY_AT) flags.push('ELDERLY');
  if (row.isHead && (row.child === 'yes' || row.child === 'possibly')) flags.push('CHILD_HEAD');
  if (row.nationality === 'XXA') flags.push('STATELESS');
  if (row.nationality === 'XXX') flags.push('NATIONALITY_UNKNOWN');
  return inOrder(flags);
}

/** Flags of a member that follow from the household. */
export function flagsOfHousehold(codes: readonly Code[]): ProtectionFlag[] {
  const has = (code: Code): boolean => codes.includes(code);
  const flags: ProtectionFlag[] = [];
  if (has('CHILD_WITHOUT_ADULT') || has('CHILD_WITH_UNRELATED_ADULT')) flags.push('UASC');
  if (has('CHILD_WITH_UNRELATED_ADULT') || has('PARENT_AGE_GAP')) flags.push('UNVERIFIED_CARER');
  return flags;
}

/** Each flag once, in the order of the table. */
export function inOrder(flags: readonly ProtectionFlag[]): ProtectionFlag[] {
  return PROTECTION_FLAGS.filter((flag) => flags.includes(flag));
}
