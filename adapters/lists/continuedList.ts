import { type FoundList, type ListRow, type OpenedList } from './openList.ts';

/** A mended file, and which row of the list each of its rows stands for. */
export type MendedPart = { list: OpenedList; targets: ReadonlyMap<number, number> };

/**
 * The list as mended files have changed it: a mended row stands in the place of its row, whose number and line it keeps;
 * rows that the list did not have follow at its end. Of several mended rows for one place the last counts.
 */
export async function continueList(list: OpenedList, parts: readonly MendedPart[]): Promise<OpenedList> {
  if (parts.length === 0) return list;
  const mended = new Map<number, ListRow>();
  for (const { list: part, targets } of parts) {
    const inOrder = orderOf(list.found, part.found);
    for await (const row of part.rows) {
      const target = targets.get(row.record);
      if (target !== undefined) mended.set(target, { ...row, record: target, raw: inOrder(row.raw) });
    }
  }
  const records = Math.max(list.found.records, ...mended.keys());
  return { found: { ...list.found, records }, rows: { [Symbol.asyncIterator]: () => rowsOf(list, mended) } };
}

async function* rowsOf(list: OpenedList, mended: ReadonlyMap<number, ListRow>): AsyncGenerator<ListRow> {
  let record = 0;
  for await (const row of list.rows) {
    record = row.record;
    const instead = mended.get(record);
    yield instead === undefined ? row : { ...instead, line: row.line };
  }
  for (let added = mended.get(++record); added !== undefined; added = mended.get(++record)) yield added;
}

/** Cells of a mended file in the order of the list, by what they stand for, so that what must be mended again is in its form. */
function orderOf(list: FoundList, part: FoundList): (raw: readonly string[]) => string[] {
  const places = list.headings.map((heading, index) => {
    const column = list.columns[index] ?? null;
    const place = column === null ? -1 : part.columns.indexOf(column);
    return place === -1 ? part.headings.indexOf(heading) : place;
  });
  return (raw) => places.map((place) => raw[place] ?? '');
}
