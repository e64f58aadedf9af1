import { z } from 'zod';
import { storedValue } from '../versioned.ts';
import { COLUMNS } from './columns.ts';

/** Findings of a list: warnings accept the row, faults reject it. Each sentence says what is wrong and what to do. */
export type CodeRule = { rejects: boolean; sentence: string };

export const CODES = {
  REQUIRED_MISSING: { rejects: true, sentence: 'This cell must not be empty: fill it in.' },
  NAME_MISSING: { rejects: true, sentence: 'Both names are empty: write at least one name.' },
  VALUE_NOT_IN_LIST: {
    rejects: true,
    sentence: 'The value is not an allowed one: choose one and write it exactly.',
  },
  NATIONALITY_UNKNOWN: {
    rejects: true,
    sentence:
      'The code is not a country code: use ISO 3166-1 alpha-3, or XXA stateless, XXB or XXC refugee, XXX not known, RKS or XKX Kosovo.',
  },
  DOB_FORMAT: {
    rejects: true,
    sentence: 'The birth date cannot be read: write 1988-03-21, 1988-03 or 1988, in the digits 0 to 9.',
  },
  DOB_IMPOSSIBLE: {
    rejects: true,
    sentence: 'This day does not exist: correct the birth date, or write only the part that is known.',
  },
  DOB_IN_FUTURE: { rejects: true, sentence: 'The birth date is after the registration: ask the person again.' },
  DOB_TOO_OLD: {
    rejects: true,
    sentence: 'The person would be more than 110 years old: check the year and the calendar.',
  },
  REGISTERED_AT_FORMAT: {
    rejects: true,
    sentence: 'The time of registration cannot be read: write it as 2026-11-20T09:00:00+02:00.',
  },
  FORMULA_CELL: {
    rejects: true,
    sentence:
      'The cell begins like a spreadsheet formula (=, +, -, @): write the plain text; a telephone number as +249123456789.',
  },
  KEPT_CELL: {
    rejects: true,
    sentence:
      '[kept] keeps only cells that you may not read, and you may read this one: download the file again and write the value.',
  },
  FIELD_TOO_LONG: { rejects: true, sentence: 'The cell holds more than 200 characters: shorten it.' },
  PERSON_REF_REPEATED: {
    rejects: true,
    sentence: 'An earlier row has this number: remove the row if it was pasted twice, else give it its own number.',
  },

  CELLS_TOO_MANY: {
    rejects: true,
    sentence:
      'The row has more cells than the list has headings: a delimiter may stand inside a cell; put the cell in quotation marks.',
  },

  WHITESPACE: { rejects: false, sentence: 'Extra blanks, line breaks or invisible marks were removed.' },
  NAME_SINGLE: { rejects: false, sentence: 'Only one name is written: check whether the person has another.' },
  NAME_NOT_LATIN: {
    rejects: false,
    sentence: 'The name has letters that are not Latin: travel papers will need it in Latin letters too.',
  },
  DOB_MISSING: { rejects: false, sentence: 'There is no birth date: find out at least the year.' },
  DOB_LESS_PRECISE: {
    rejects: false,
    sentence: 'Less of the birth date is known than dob_precision says: unknown parts stay empty.',
  },
  PHONE_NATIONAL_FORMAT: {
    rejects: false,
    sentence:
      'The telephone number has no country code and is used only if it is valid in the country of the operation: write it with + and the code.',
  },
  REGISTERED_AT_NO_OFFSET: {
    rejects: false,
    sentence: 'The time has no offset from UTC (such as +02:00), so the moment is not certain.',
  },
  NEED_NOT_UNDERSTOOD: {
    rejects: false,
    sentence:
      'A special need is none of the known codes: the person is registered and on hold until a protection officer has looked; write one of the codes if it fits.',
  },
  CONSENT_REFUSED: {
    rejects: false,
    sentence: 'Consent was refused: the person is registered, but no data is shared and the person does not travel.',
  },
  MRZ_FORMAT: { rejects: false, sentence: 'The passport’s lines are not two lines of 44 characters: read them again.' },
  MRZ_CHECK_DIGIT: {
    rejects: false,
    sentence: 'Check digits of the passport’s second line are wrong: read the named fields again.',
  },
  MRZ_NAME_DIFFERS: { rejects: false, sentence: 'The names differ from the passport: compare both.' },
  MRZ_NAME_CUT: {
    rejects: false,
    sentence: 'The passport’s name field is full and the names may be truncated in it: the part that is there matches.',
  },
  MRZ_NAMES_SWAPPED: {
    rejects: false,
    sentence: 'The passport suggests that given and family name are swapped: correct them if so.',
  },
  MRZ_NUMBER_DIFFERS: {
    rejects: false,
    sentence: 'The document number differs from the passport’s line: compare both.',
  },
  MRZ_DOB_DIFFERS: { rejects: false, sentence: 'The birth date differs from the passport’s line: compare both.' },
  MRZ_SEX_DIFFERS: { rejects: false, sentence: 'The sex differs from the passport’s line: compare both.' },
  MRZ_NATIONALITY_DIFFERS: {
    rejects: false,
    sentence: 'The nationality differs from the passport’s line: compare both.',
  },
  DOCUMENT_EXPIRED: { rejects: false, sentence: 'The passport has expired: the person needs a travel document.' },
  HOUSEHOLD_NO_HEAD: { rejects: false, sentence: 'The household has no head: ask who speaks for it.' },
  HOUSEHOLD_TWO_HEADS: {
    rejects: false,
    sentence: 'The household has more than one head: ask who speaks for it, or whether these are two households.',
  },
  HOUSEHOLD_REF_ALIKE: {
    rejects: false,
    sentence:
      'The number of another household differs only in leading zeros or the script of its digits: check that these are two households.',
  },
  CHILD_WITHOUT_ADULT: {
    rejects: false,
    sentence: 'A child in a household without an adult: a protection officer must see this child.',
  },
  CHILD_WITH_UNRELATED_ADULT: {
    rejects: false,
    sentence: 'A child with adults who are not relatives: a protection officer must find out who cares for the child.',
  },
  PARENT_AGE_GAP: {
    rejects: false,
    sentence: 'The head of the household is hardly old enough to be this child’s parent: check the relationship.',
  },
  NUMBER_RUINED: {
    rejects: false,
    sentence:
      'A spreadsheet has changed this number and digits are lost, so it is not used: copy it again, in a column formatted as text.',
  },
  SPREADSHEET_ERROR: {
    rejects: false,
    sentence:
      'A spreadsheet wrote an error here instead of a value (such as #N/A), so the cell counts as empty: write what belongs there.',
  },
  NUMBER_CELL: {
    rejects: false,
    sentence: 'The spreadsheet stores this as a number, so leading zeros may be lost: compare it with the document.',
  },
  DIGITS_OTHER_SCRIPT: {
    rejects: false,
    sentence:
      'The digits are of another script and stay unchanged: the same number in digits 0 to 9 counts as a different one.',
  },
} as const satisfies Record<string, CodeRule>;

export type Code = keyof typeof CODES;

/** The field that a check digit of a passport's second line covers. */
const MRZ_FIELDS = ['document_number', 'birth_date', 'expiry_date', 'personal_number', 'composite'] as const;
export type MrzField = (typeof MRZ_FIELDS)[number];

/** A guess for the person who corrects the list. It never changes the cell. */
export const HINTS = {
  other_digits: 'The digits are of another script.',
  day_first: 'It looks like a date with the day or the month first.',
  spreadsheet_day: 'It looks like a spreadsheet’s day number.',
  solar_hijri: 'It would be right in the Solar Hijri calendar, used in Iran and Afghanistan (or in the lunar one).',
  buddhist: 'It would be right in the Buddhist calendar (543 years ahead).',
  ethiopic: 'It would be right in the Ethiopic calendar, which has a thirteenth month.',
} as const;

export type Hint = keyof typeof HINTS;

/** One fault or warning. `fields` only with MRZ_CHECK_DIGIT. */
const Finding = z.object({
  code: z.enum(Object.keys(CODES) as Code[]),
  column: z.enum(COLUMNS),
  fields: z.array(z.enum(MRZ_FIELDS)).optional(),
  hint: z.enum(Object.keys(HINTS) as Hint[]).optional(),
});
export type Finding = z.infer<typeof Finding>;

/** The findings of a row, as stored with the row. */
export const STORED_FINDINGS = storedValue('Findings of a list row', z.array(Finding));

export type Verdict = 'accept' | 'accept_with_warning' | 'reject';

/** The finding in words for the person who corrects the list. It does not quote the cell. */
export function explain(finding: Finding): string {
  const hint = finding.hint === undefined ? '' : ` ${HINTS[finding.hint]}`;
  const fields = finding.fields === undefined ? '' : ` (${finding.fields.join(', ')})`;
  return `${finding.column}: ${CODES[finding.code].sentence}${fields}${hint}`;
}
