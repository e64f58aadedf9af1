import { readPhone } from '../../domain/intake/phone.ts';
import { byteOrderMark, encodeText } from './encoding.ts';
import { MEND_COLUMN } from './mapColumns.ts';
import type { FoundList } from './openList.ts';
import { writeWorkbook } from './xlsx/write.ts';

/** A row that a person has to mend: its cells as they came, and why, in words. */
export type RowToMend = { raw: readonly string[]; why: string };

export type MendFile = { bytes: Buffer; extension: 'csv' | 'tsv' | 'xlsx'; mediaType: string };

/** A spreadsheet evaluates what begins so, also behind a tab or a line break. */
const BEGINS_A_FORMULA = /^[=+\-@\t\r]/;

/** The cell as a spreadsheet leaves it alone. A whole telephone number stays whole. */
export function neutraliseFormula(cell: string): string {
  return BEGINS_A_FORMULA.test(cell) && readPhone(cell) === null ? `'${cell}` : cell;
}

/**
 * The rows to mend in the format of the original, encoding, delimiter and line ends too, with one more column that
 * says why. `openList` passes over that column, so the mended file can be sent as it is.
 */
export function mendFile(found: FoundList, rows: Iterable<RowToMend>): MendFile {
  const mendAt = found.headings.indexOf(MEND_COLUMN);
  const width = found.headings.length;
  const withWhy = (cells: readonly string[], why: string): string[] => {
    const own = Array.from({ length: Math.max(width, cells.length) }, (_, index) => cells[index] ?? '');
    // a file that was to be mended before already has the column
    return mendAt === -1 ? [...own.slice(0, width), why, ...own.slice(width)] : own.with(mendAt, why);
  };
  const table = [withWhy(found.headings, MEND_COLUMN)];
  for (const row of rows) table.push(withWhy(row.raw, row.why));
  if (found.format === 'xlsx') {
    return {
      bytes: writeWorkbook(found.sheet ?? 'list', table),
      extension: 'xlsx',
      mediaType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    };
  }
  const delimiter = found.delimiter ?? ',';
  const encoding = found.encoding ?? 'utf-8';
  const text = table.map((row) => row.map((cell) => quoteCell(neutraliseFormula(cell), delimiter)).join(delimiter));
  return {
    bytes: Buffer.concat([
      found.byteOrderMark ? byteOrderMark(encoding) : Buffer.alloc(0),
      encodeText(text.map((line) => line + found.newline).join(''), encoding),
    ]),
    extension: delimiter === '\t' ? 'tsv' : 'csv',
    mediaType: `${delimiter === '\t' ? 'text/tab-separated-values' : 'text/csv'}; charset=${encoding}`,
  };
}

function quoteCell(cell: string, delimiter: string): string {
  return /["\r\n]|^ | $/.test(cell) || cell.includes(delimiter) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
