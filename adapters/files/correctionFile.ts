import type { CorrectionFile } from '../../application/imports/correct.ts';
import { CORRECTION_COLUMN, isInternationalFormat } from '../../domain/imports/columns.ts';
import type { FoundList } from '../../domain/imports/file.ts';
import { byteOrderMark, encodeText } from './encoding.ts';
import { writeWorkbook } from './xlsx/write.ts';

/** A spreadsheet evaluates cells with these beginnings (full-width signs too), also after a tab or a line break. */
const BEGINS_A_FORMULA = /^'*[=+\-@\t\r\n＝＋－＠]/;
const NEUTRALISED = /^'(?='*[=+\-@\t\r\n＝＋－＠])/;

/**
 * The cell with an apostrophe before it, so that no spreadsheet evaluates it. A valid telephone number stays unchanged.
 */
export function neutraliseFormula(cell: string): string {
  return BEGINS_A_FORMULA.test(cell) && !isInternationalFormat(cell) ? `'${cell}` : cell;
}

/** The cell before `neutraliseFormula`, so that a formula that nobody corrected is found again. */
export function plainCell(cell: string): string {
  return cell.replace(NEUTRALISED, '');
}

/**
 * The rows to correct in the format of the original, with its encoding, delimiter and line ends. One more column gives
 * the row and the reasons. `openList` ignores that column, so the correction file can be uploaded unchanged.
 */
export function correctionFile(
  found: FoundList,
  listTag: string,
  rows: Iterable<{ row: number; raw: readonly string[]; why: string }>,
): CorrectionFile {
  const correctionAt = found.headings.indexOf(CORRECTION_COLUMN);
  const width = found.headings.length;
  const withWhy = (cells: readonly string[], why: string): string[] => {
    const own = Array.from({ length: Math.max(width, cells.length) }, (_, index) => cells[index] ?? '');
    // the column exists already in a file that was a correction file itself
    return correctionAt === -1 ? [...own.slice(0, width), why, ...own.slice(width)] : own.with(correctionAt, why);
  };
  const table = [withWhy(found.headings, CORRECTION_COLUMN).map(neutraliseFormula)];
  // also in a workbook: its cells are text there, but a spreadsheet saved as CSV would make them active
  for (const { row, raw, why } of rows) table.push(withWhy(raw, `${row} ${listTag}: ${why}`).map(neutraliseFormula));
  if (found.format === 'xlsx') {
    return {
      bytes: writeWorkbook(found.sheet ?? 'list', table),
      extension: 'xlsx',
      mediaType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    };
  }
  const delimiter = found.delimiter ?? ',';
  const encoding = found.encoding ?? 'utf-8';
  const text = table.map((row) => row.map((cell) => quoteCell(cell, delimiter)).join(delimiter));
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
