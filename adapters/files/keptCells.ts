import type { ListRow } from '../../application/imports/check.ts';
import { COLUMNS, type Column, KEPT, tidyCell } from '../../domain/imports/columns.ts';
import type { FoundList } from '../../domain/imports/file.ts';

const isKept = (cell: string | undefined): boolean => tidyCell(cell ?? '') === KEPT;

/**
 * A row of a correction file with the cells that its sender was not shown: where `[kept]` came back, the cell of the row
 * that it replaces stands as it was. `[kept]` in a cell that the sender may read keeps nothing, and is a finding.
 * @param before the row that is replaced; undefined for a new one
 * @param row its `raw` is in the order of the list
 */
export function withKeptCells(
  list: FoundList,
  before: ListRow | undefined,
  row: ListRow,
  closed: readonly Column[],
): ListRow {
  const marked = COLUMNS.filter((column) => isKept(row.written[column]));
  const kept = before === undefined ? [] : marked.filter((column) => closed.includes(column));
  const isRestored = (cell: string, index: number): boolean => {
    const column = list.columns[index] ?? null;
    return isKept(cell) && (column === null || kept.includes(column));
  };
  const cellsBefore = <Cells extends Record<Column, string>>(cells: Cells | undefined): Partial<Cells> =>
    Object.fromEntries(kept.map((column) => [column, cells?.[column] ?? ''])) as Partial<Cells>;
  return {
    ...row,
    raw: row.raw.map((cell, index) => (isRestored(cell, index) ? (before?.raw[index] ?? '') : cell)),
    written: { ...row.written, ...cellsBefore(before?.written) },
    cells: { ...row.cells, ...cellsBefore(before?.cells) },
    findings: [
      ...row.findings,
      ...(before?.findings ?? []).filter(({ column }) => kept.includes(column)),
      ...marked.filter((column) => !kept.includes(column)).map((column) => ({ code: 'KEPT_CELL' as const, column })),
    ],
  };
}
