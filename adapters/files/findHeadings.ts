import type { HeadingRule } from '../../domain/imports/headings.ts';
import { tidyCell } from '../../domain/imports/tidy.ts';
import { type MappedColumns, mapColumns } from './mapColumns.ts';
import type { SheetRow } from './xlsx/workbook.ts';

/** Titles, dates and logos are above the headings of many lists: so many rows are searched. */
const LOOKED_AT = 20;
/** A row with so many known columns is neither a title nor a person. */
const ENOUGH = 5;

export type FoundHeadings = MappedColumns & {
  headings: string[];
  line: number;
  /** non-empty rows above */
  above: number;
};

/**
 * The headings: the row that a person named, else the first row with some known columns, else the first row.
 * @returns undefined if the file is empty, or empty from that line on
 */
export async function findHeadings(
  rows: AsyncIterable<SheetRow>,
  {
    line,
    given = [],
    recall,
  }: {
    line?: number | undefined;
    given?: readonly HeadingRule[] | undefined;
    recall: (headings: readonly string[]) => Promise<HeadingRule[]>;
  },
): Promise<FoundHeadings | undefined> {
  const candidates: Array<{ headings: string[]; line: number; above: number }> = [];
  let above = 0;
  for await (const row of rows) {
    if (line === undefined || row.line >= line) {
      candidates.push({ headings: row.cells.map((cell) => tidyCell(cell.text)), line: row.line, above });
    }
    above++;
    if (candidates.length === (line === undefined ? LOOKED_AT : 1)) break;
  }
  const remembered = await recall([...new Set(candidates.flatMap(({ headings }) => headings))]);
  const mapped = candidates.map((candidate) => ({
    ...candidate,
    ...mapColumns(candidate.headings, given, remembered),
  }));
  return mapped.find(({ columns }) => columns.filter((column) => column !== null).length >= ENOUGH) ?? mapped[0];
}
