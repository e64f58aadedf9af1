import isoCodes from 'i18n-iso-countries/codes.json' with { type: 'json' };
import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/min';

/** The columns of a registration list. One row is one person. */

export const RELATIONSHIPS = [
  'HEAD',
  'SPOUSE',
  'CHILD',
  'PARENT',
  'SIBLING',
  'GRANDCHILD',
  'OTHER_RELATIVE',
  'NON_RELATIVE',
] as const;
export const SEXES = ['F', 'M', 'X'] as const;
export const DOB_PRECISIONS = ['day', 'month', 'year'] as const;
export const DOCUMENT_TYPES = [
  'PASSPORT',
  'EMERGENCY_TRAVEL_DOCUMENT',
  'NATIONAL_ID',
  'CONSULAR_CARD',
  'RESIDENCE_CARD',
  'BIRTH_CERTIFICATE',
  'NONE',
] as const;
export const CONSENTS = ['given', 'refused', 'pending'] as const;

export type Relationship = (typeof RELATIONSHIPS)[number];
export type Sex = (typeof SEXES)[number];
export type DobPrecision = (typeof DOB_PRECISIONS)[number];
export type DocumentType = (typeof DOCUMENT_TYPES)[number];

/** In the order of the file. */
export const COLUMNS = [
  'household_ref',
  'person_ref',
  'relationship_to_head',
  'given_names',
  'family_name',
  'sex',
  'date_of_birth',
  'dob_precision',
  'nationality',
  'phone',
  'preferred_language',
  'site',
  'registered_at',
  'document_type',
  'document_number',
  'mrz_line1',
  'mrz_line2',
  'special_needs',
  'consent',
  'destination_admin1',
] as const;

export type Column = (typeof COLUMNS)[number];

export type ColumnRule = {
  /** an empty cell is REQUIRED_MISSING */
  required: boolean;
  /** the only values, compared exactly: `head` is not `HEAD` */
  values?: readonly string[];
};

export const COLUMN_RULES: Record<Column, ColumnRule> = {
  household_ref: { required: true },
  person_ref: { required: true },
  relationship_to_head: { required: true, values: RELATIONSHIPS },
  given_names: { required: false },
  family_name: { required: false },
  sex: { required: true, values: SEXES },
  date_of_birth: { required: false },
  dob_precision: { required: false, values: DOB_PRECISIONS },
  nationality: { required: true },
  phone: { required: false },
  preferred_language: { required: false },
  site: { required: false },
  registered_at: { required: true },
  document_type: { required: false, values: DOCUMENT_TYPES },
  document_number: { required: false },
  mrz_line1: { required: false },
  mrz_line2: { required: false },
  special_needs: { required: false },
  consent: { required: true, values: CONSENTS },
  destination_admin1: { required: false },
};

export function isColumn(name: string): name is Column {
  return Object.hasOwn(COLUMN_RULES, name);
}

/** The value if it is one of the list, else null. */
export function oneOf<T extends string>(values: readonly T[], value: string): T | null {
  return values.find((candidate) => candidate === value) ?? null;
}

/**
 * Zero-width space, direction marks, word joiner and byte-order mark: copying adds them, and they are invisible. U+200C
 * stays, because Persian names need it. Control characters other than white space are removed as well: damaged exports
 * have them, and PostgreSQL stores no U+0000 in text.
 */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const INVISIBLE = /[\u0000-\u0008\u000E-\u001F\u007F\u200B\u200E\u200F\u2060\uFEFF]/gu;
const BLANKS = /\p{White_Space}+/gu;

/** The cell as every rule reads it: without invisible marks, trimmed, and with one blank for each run of white space. */
export function tidyCell(raw: string): string {
  return raw.replace(INVISIBLE, '').replace(BLANKS, ' ').replace(/^ | $/g, '');
}

const OTHER_DIGIT = /(?![0-9])\p{Nd}/u;
const OTHER_DIGITS = /(?![0-9])\p{Nd}/gu;

/** Whether the text has digits of a script other than 0 to 9. */
export function hasOtherDigits(text: string): boolean {
  return OTHER_DIGIT.test(text);
}

const isDigit = (code: number): boolean => /^\p{Nd}$/u.test(String.fromCodePoint(code));

/** Digits of any script as 0 to 9. Unicode keeps the ten digits of a script together and in order. */
export function latinDigits(text: string): string {
  return text.replace(OTHER_DIGITS, (digit) => {
    const code = digit.codePointAt(0) ?? 0;
    let start = code;
    while (isDigit(start - 1)) start--;
    return String((code - start) % 10);
  });
}

/** Columns of names and numbers. Where a spreadsheet stored them as an amount, digits are lost. */
export const NUMBER_COLUMNS = [
  'household_ref',
  'person_ref',
  'phone',
  'document_number',
] as const satisfies readonly Column[];

/**
 * `4.41E+11` or `4.41E11`, also with a comma. `1E05` is not matched: no spreadsheet writes it, and teams use such
 * numbers.
 */
const SCIENTIFIC = /^[0-9](?:(?:[.,٫][0-9]+)?E[+-]|[.,٫][0-9]+E)[0-9]{1,3}$/i;
/** `99900012347.0`: the number went through a floating-point column. */
const FLOATING = /^[0-9]{5,}[.,]0+$/;

export function hasLostPrecision(cell: string): boolean {
  return SCIENTIFIC.test(cell) || FLOATING.test(cell);
}

/** What a spreadsheet writes for a failed formula: `#N/A`, `#REF!`, `#¡VALOR!`, or for a column that is too narrow. */
const SPREADSHEET_ERROR = /^(?:#(?:N\/[AD]|[¡\p{Lu}][\p{Lu}0-9_/.]*[!?])|#{3,})$/u;

export function isSpreadsheetError(cell: string): boolean {
  return SPREADSHEET_ERROR.test(cell);
}

/**
 * Codes of ICAO Doc 9303 part 3 in addition to ISO 3166-1: stateless, refugee, other refugee, unknown, Kosovo (two
 * codes).
 */
const ICAO_CODES = ['XXA', 'XXB', 'XXC', 'XXX', 'RKS', 'XKX'] as const;

/** XKK is the package's own code for Kosovo, and not in ISO 3166-1. */
const NATIONALITIES: ReadonlySet<string> = new Set([
  ...isoCodes.flatMap((row) => row[1] ?? []).filter((code) => code !== 'XKK'),
  ...ICAO_CODES,
]);

/** Kosovo has no alpha-3 code in ISO 3166-1; telephone numbering uses XK. */
const ALPHA_2: ReadonlyMap<string, string> = new Map([
  ...isoCodes.flatMap(([alpha2, alpha3]): [string, string][] => (alpha2 && alpha3 ? [[alpha3, alpha2]] : [])),
  ['RKS', 'XK'],
  ['XKX', 'XK'],
]);

/** The alpha-2 code of a country's alpha-3 code; undefined for a code without a country. */
function alpha2Of(alpha3: string): string | undefined {
  return ALPHA_2.get(alpha3);
}

export function isNationality(code: string): boolean {
  return NATIONALITIES.has(code);
}

/** The stored code of a State: Kosovo is RKS, as in documents. */
export function canonicalNationality(code: string): string {
  return code === 'XKX' ? 'RKS' : code;
}

const IGNORED = /[ .()-]/g;
const E164 = /^\+[1-9][0-9]{7,14}$/;

/**
 * `+` and 8 to 15 digits, the first not 0. Blanks, hyphens, dots and round brackets are removed. A list must use this
 * form. Numbering plans do not count here: they change, and a row is not refused for that.
 */
export function isInternationalFormat(cell: string): boolean {
  return E164.test(cell.replace(IGNORED, ''));
}

/** Only digits, and no country code. */
export function isNationalFormat(cell: string): boolean {
  return /^[0-9]+$/.test(cell.replace(IGNORED, ''));
}

/**
 * The number in E.164, or null where the cell has none. A number of no known numbering plan stays as written if it has
 * the international form. A number with an extension is null, because E.164 has no extension.
 * @param country alpha-3 code; a number without a country code is read only if it is valid in this country
 */
export function readPhone(cell: string, country?: string): string | null {
  const number = parsePhoneNumberFromString(cell, { ...homeOf(country), extract: false });
  if (number?.isValid() && number.ext === undefined) return number.number;
  const bare = cell.replace(IGNORED, '');
  return E164.test(bare) ? bare : null;
}

/** The library uses alpha-2 codes and throws on unknown ones, so unknown countries are omitted. */
function homeOf(country: string | undefined): { defaultCountry?: CountryCode } {
  const code = country === undefined ? undefined : alpha2Of(country);
  return code !== undefined && isSupportedCountry(code) ? { defaultCountry: code } : {};
}

/** The column that a person maps a heading to; null leaves it out. */
export type HeadingRule = {
  heading: string;
  /** counted from 1: needed only where two columns have the same heading */
  position?: number | undefined;
  column: Column | null;
};

/** A heading without case, blanks, underscores and hyphens. */
export function headingKey(heading: string): string {
  return tidyCell(heading)
    .toLowerCase()
    .replace(/[ _-]+/g, '_');
}

/** The column that `correctionFile` adds; reading ignores it. */
export const CORRECTION_COLUMN = 'to_correct';

/** In a correction file: a cell that its reader may not see. It comes back unchanged and keeps the cell of the list. */
export const KEPT = '[kept]';

/** Where the mapping of a heading comes from: this list, or an earlier list of its source. */
export type MappedBy = 'name' | 'said' | 'remembered';

export type MappedColumns = {
  /** in the order of the file; null for an unused column */
  columns: Array<Column | null>;
  /** in the same order; null for an unknown heading */
  by: Array<MappedBy | null>;
  /** required columns without a heading; the two names count as one */
  missing: Column[];
  /** columns with more than one heading */
  repeated: Column[];
  /** unknown headings */
  unknown: string[];
};

/** The column of each heading: the override, else the remembered one, else the column with that name. */
export function mapColumns(
  headings: readonly string[],
  given: readonly HeadingRule[] = [],
  remembered: readonly HeadingRule[] = [],
): MappedColumns {
  const unknown: string[] = [];
  const mapped = headings.map((heading, index): { column: Column | null; by: MappedBy | null } => {
    const key = headingKey(heading);
    const rule = ruleFor(given, key, index);
    if (rule !== undefined) return { column: rule.column, by: 'said' };
    const known = ruleFor(remembered, key, index);
    if (known !== undefined) return { column: known.column, by: 'remembered' };
    if (isColumn(key)) return { column: key, by: 'name' };
    if (key !== '' && key !== CORRECTION_COLUMN) unknown.push(heading);
    return { column: null, by: null };
  });
  const columns = mapped.map(({ column }) => column);
  const taken = new Set(columns);
  const missing = COLUMNS.filter((column) => COLUMN_RULES[column].required && !taken.has(column));
  if (!taken.has('given_names') && !taken.has('family_name')) missing.push('given_names');
  const repeated = COLUMNS.filter((column) => columns.indexOf(column) !== columns.lastIndexOf(column));
  return { columns, by: mapped.map(({ by }) => by), missing, repeated, unknown };
}

/** An override with a position takes precedence over one with the heading alone. */
function ruleFor(rules: readonly HeadingRule[], key: string, index: number): HeadingRule | undefined {
  const fitting = rules.filter((rule) => headingKey(rule.heading) === key);
  return (
    fitting.find(({ position }) => position === index + 1) ?? fitting.find(({ position }) => position === undefined)
  );
}
