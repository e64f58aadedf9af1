import { isInternationalFormat } from '../../domain/imports/phone.ts';
import { byteOrderMark, encodeText } from './encoding.ts';
import { CORRECTION_COLUMN } from './mapColumns.ts';
import type { FoundList } from './openList.ts';
import { writeWorkbook } from './xlsx/write.ts';

/** A row that a person has to correct: its number, its cells as they came, and why, in words. */
export type RowToCorrect = { row: number; raw: readonly string[]; why: string };

export type CorrectionFile = { bytes: Buffer; extension: 'csv' | 'tsv' | 'xlsx'; mediaType: string };

/** A spreadsheet evaluates what begins so (full-width signs too), also behind a tab or a line break. */
const BEGINS_A_FORMULA = /^'*[=+\-@\t\r\n＝＋－＠]/;
const NEUTRALISED = /^'(?='*[=+\-@\t\r\n＝＋－＠])/;

/** The cell as a spreadsheet leaves it alone: one apostrophe more before it. A whole telephone number stays whole. */
export function neutraliseFormula(cell: string): string {
  return BEGINS_A_FORMULA.test(cell) && !isInternationalFormat(cell) ? `'${cell}` : cell;
}

/** The cell as it was before `neutraliseFormula`, so that a formula which nobody corrected is found again. */
export function plainCell(cell: string): string {
  return cell.replace(NEUTRALISED, '');
}

/** Which row of which list a row of a corrected file stands for: its `to_correct` begins so, `17 k3f9: …`. */
export type Corrections = { row: number; listTag: string };

export function correctedRow(why: string): Corrections | null {
  const [, row, listTag] = /^\s*([1-9][0-9]{0,8}) ([0-9a-z]{4})\s*:/.exec(why) ?? [];
  return row === undefined || listTag === undefined ? null : { row: Number(row), listTag };
}

/** Four letters of an import's id: enough to see that a corrected file belongs to another list. */
export function listTagOf(importId: string): string {
  return importId.slice(-4);
}

/**
 * The rows to correct in the format of the original, encoding, delimiter and line ends too, with one more column that
 * says which row it is and why. `openList` takes no cell from that column, so the corrected file can be sent as it is.
 */
export function correctionFile(found: FoundList, listTag: string, rows: Iterable<RowToCorrect>): CorrectionFile {
  const correctionAt = found.headings.indexOf(CORRECTION_COLUMN);
  const width = found.headings.length;
  const withWhy = (cells: readonly string[], why: string): string[] => {
    const own = Array.from({ length: Math.max(width, cells.length) }, (_, index) => cells[index] ?? '');
    // a file that was to be corrected before already has the column
    return correctionAt === -1 ? [...own.slice(0, width), why, ...own.slice(width)] : own.with(correctionAt, why);
  };
  const table = [withWhy(found.headings, CORRECTION_COLUMN).map(neutraliseFormula)];
  // in a workbook too: its cells are text there, but whoever saves it as CSV would wake them
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
