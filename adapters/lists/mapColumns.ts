import { COLUMN_RULES, COLUMNS, type Column, isColumn } from '../../domain/intake/columns.ts';
import { tidyCell } from '../../domain/intake/tidy.ts';

/** The column that `mendFile` adds; on reading it is passed over. */
export const MEND_COLUMN = 'to_mend';

/** A partner's headings and what they stand for, as a person said once; null is a column that is not taken. */
export type ColumnMapping = Record<string, Column | null>;

export type MappedColumns = {
  /** in the order of the file; null where the column is not taken */
  columns: Array<Column | null>;
  /** required columns that no heading stands for; the two names count as one */
  missing: Column[];
  /** columns that more than one heading stands for */
  repeated: Column[];
  /** headings that stand for nothing known */
  unknown: string[];
};

/** Headings without what differs between hands: case, blanks, underscores and hyphens. */
function headingKey(heading: string): string {
  return tidyCell(heading)
    .toLowerCase()
    .replace(/[ _-]+/g, '_');
}

/** What each heading of the file stands for: what the mapping says, else the column of that name. */
export function mapColumns(headings: readonly string[], mapping: ColumnMapping = {}): MappedColumns {
  const said = new Map(Object.entries(mapping).map(([heading, column]) => [headingKey(heading), column]));
  const unknown: string[] = [];
  const columns = headings.map((heading): Column | null => {
    const key = headingKey(heading);
    const mapped = said.get(key);
    if (mapped !== undefined) return mapped;
    if (isColumn(key)) return key;
    if (key !== '' && key !== MEND_COLUMN) unknown.push(heading);
    return null;
  });
  const taken = new Set(columns);
  const missing = COLUMNS.filter((column) => COLUMN_RULES[column].required && !taken.has(column));
  if (!taken.has('given_names') && !taken.has('family_name')) missing.push('given_names');
  const repeated = COLUMNS.filter((column) => columns.indexOf(column) !== columns.lastIndexOf(column));
  return { columns, missing, repeated, unknown };
}
