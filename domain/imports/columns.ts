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

/** A row as it arrived, with one text for each column. A column that the list lacks is the empty text. */
export type Cells = Record<Column, string>;

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
