import type { HeadingRule } from '../../domain/imports/headings.ts';
import { tidyCell } from '../../domain/imports/tidy.ts';
import { type MappedColumns, mapColumns } from './mapColumns.ts';
import type { SheetRow } from './xlsx/workbook.ts';

/** Titles, dates and logos stand above the headings of many a list: so far down they are looked for. */
const LOOKED_AT = 20;
/** So many known columns no title names, and no person's row. */
const ENOUGH = 5;

export type FoundHeadings = MappedColumns & {
  headings: string[];
  line: number;
  /** rows above that hold something */
  above: number;
};

/**
 * The headings: the row that somebody named, else the first one that names some known columns, else the first row.
 * @returns undefined where the file holds nothing, or nothing from that line on
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
