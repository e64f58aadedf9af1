import { COLUMN_RULES, COLUMNS, type Column, isColumn } from '../../domain/imports/columns.ts';
import { type HeadingRule, headingKey } from '../../domain/imports/headings.ts';

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
