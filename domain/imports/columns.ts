import { tidyCell } from './values.ts';

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

/** The column that a person maps a heading to; null leaves it out. */
export type HeadingRule = {
  heading: string;
  /** counted from 1: needed only where two columns have the same heading */
  position?: number;
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
