import { type Cells, COLUMNS } from '../../domain/imports/columns.ts';

/** Rows as a careful team writes them: UTF-8, comma, LF. */
export function stringifyCells(rows: readonly Cells[]): string {
  const line = (cells: readonly string[]) => `${cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')}\n`;
  return line(COLUMNS) + rows.map((row) => line(COLUMNS.map((column) => row[column]))).join('');
}
