import { z } from 'zod';
import { storedValue } from '../versioned.ts';
import type { Code } from './codes.ts';
import { CONSENTS, type Column, DOCUMENT_TYPES, RELATIONSHIPS, SEXES } from './columns.ts';
import {
  ageRange,
  type CalendarDay,
  type ChildState,
  ELDERLY_AT,
  formatPartialDate,
  type PartialDate,
  precisionOf,
} from './dates.ts';

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
  'PROTECTION_CONCERN',
  'UNVERIFIED_CARER',
  'CHILD_HEAD',
  'STATELESS',
  'NATIONALITY_UNKNOWN',
] as const;

export type ProtectionFlag = (typeof PROTECTION_FLAGS)[number];

const PARTIAL_DATE = z.object({ year: z.number(), month: z.number().nullable(), day: z.number().nullable() });

const REGISTERED_AT = z.object({
  local: z.string(),
  day: z.number(),
  offsetMinutes: z.number().nullable(),
  instant: z.number().nullable(),
});

/**
 * The values of a row for storage: names as typed (tidied), the birth date at its known precision, and null for empty or
 * unusable cells. A rejected row holds what could be read.
 */
const PersonMeaning = z.object({
  householdRef: z.string(),
  personRef: z.string(),
  relationship: z.enum(RELATIONSHIPS).nullable(),
  givenNames: z.string(),
  familyName: z.string(),
  sex: z.enum(SEXES).nullable(),
  birthDate: PARTIAL_DATE.nullable(),
  /** alpha-3 or a code of ICAO Doc 9303; Kosovo is always RKS */
  nationality: z.string().nullable(),
  /** E.164 */
  phone: z.string().nullable(),
  /** BCP 47, as written */
  preferredLanguage: z.string().nullable(),
  site: z.string().nullable(),
  registeredAt: REGISTERED_AT.nullable(),
  document: z.object({ type: z.enum(DOCUMENT_TYPES).nullable(), number: z.string().nullable() }).nullable(),
  /** the passport's lines as they arrived, tidied; a missing one is the empty text */
  mrz: z.object({ line1: z.string(), line2: z.string() }).nullable(),
  specialNeeds: z.array(z.enum(SPECIAL_NEEDS)),
  consent: z.enum(CONSENTS).nullable(),
  /** name or P-code of a first-level area */
  destination: z.string().nullable(),
});
export type PersonMeaning = z.infer<typeof PersonMeaning>;

/** The values of a list row, encrypted under the key of the list and deleted with the list after 30 days. */
export const STORED_ROW_MEANING = storedValue('Meaning of a list row', z.object({ meaning: PersonMeaning }));

/** The cells of some rows of a list as they arrived, with the number of each row. */
export const STORED_CELLS = storedValue('Cells of a list', z.array(z.tuple([z.number(), z.array(z.string())])));

/** Flags from the row alone. */
export function flagsOfRow(row: {
  specialNeeds: readonly SpecialNeed[];
  /** somebody wrote something that a protection officer must look at */
  concern: boolean;
  child: ChildState;
  isHead: boolean;
  birthDate: PartialDate | null;
  nationality: string;
  referenceDate: CalendarDay;
}): ProtectionFlag[] {
  const flags: ProtectionFlag[] = [...row.specialNeeds];
  if (row.concern) flags.push('PROTECTION_CONCERN');
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

/** How each cell of a row was read, in the form of the list; null for an empty or unreadable cell. */
export function meaningCells(meaning: PersonMeaning): Record<Column, string | null> {
  const { birthDate, registeredAt, document, mrz } = meaning;
  return {
    household_ref: meaning.householdRef || null,
    person_ref: meaning.personRef || null,
    relationship_to_head: meaning.relationship,
    given_names: meaning.givenNames || null,
    family_name: meaning.familyName || null,
    sex: meaning.sex,
    date_of_birth: birthDate === null ? null : formatPartialDate(birthDate),
    dob_precision: birthDate === null ? null : precisionOf(birthDate),
    nationality: meaning.nationality,
    phone: meaning.phone,
    preferred_language: meaning.preferredLanguage,
    site: meaning.site,
    registered_at: registeredAt === null ? null : registeredAt.local + offsetText(registeredAt.offsetMinutes),
    document_type: document?.type ?? null,
    document_number: document?.number ?? null,
    mrz_line1: mrz?.line1 || null,
    mrz_line2: mrz?.line2 || null,
    special_needs: meaning.specialNeeds.join(';') || null,
    consent: meaning.consent,
    destination_admin1: meaning.destination,
  };
}

/** `+02:00` or `Z`; empty where the offset is unknown. */
function offsetText(minutes: number | null): string {
  if (minutes === null) return '';
  if (minutes === 0) return 'Z';
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${minutes < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(rest).padStart(2, '0')}`;
}
