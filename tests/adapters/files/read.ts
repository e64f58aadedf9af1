import { type ListLimits, openList } from '../../../adapters/files/openList.ts';
import type { ListRow } from '../../../application/imports/check.ts';
import { ListRefused, type Override } from '../../../domain/imports/file.ts';

/** All rows of a list, for tests that look at them together. */
export async function rowsOf(source: Uint8Array | string, override: Override = {}): Promise<ListRow[]> {
  const list = await openList(typeof source === 'string' ? Buffer.from(source) : source, { override });
  const rows: ListRow[] = [];
  for await (const row of list.rows) rows.push(row);
  return rows;
}

/** The refusal of a list, from opening or from reading; an error where it is not refused. */
export async function refusalOf(
  source: Uint8Array | string,
  options: { override?: Override; limits?: ListLimits } = {},
): Promise<ListRefused> {
  try {
    const list = await openList(typeof source === 'string' ? Buffer.from(source) : source, options);
    for await (const row of list.rows) if (row.record < 0) break;
  } catch (error) {
    if (error instanceof ListRefused) return error;
    throw error;
  }
  throw new Error('The list was not refused');
}
