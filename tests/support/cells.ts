import { COLUMNS, type Column } from '../../domain/imports/columns.ts';

/** A row as it arrived, with one text for each column. A column that the list lacks is the empty text. */
export type Cells = Record<Column, string>;

/** Rows as a careful team writes them: UTF-8, comma, LF. */
export function stringifyCells(rows: readonly Cells[]): string {
  const line = (cells: readonly string[]) => `${cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')}\n`;
  return line(COLUMNS) + rows.map((row) => line(COLUMNS.map((column) => row[column]))).join('');
}
