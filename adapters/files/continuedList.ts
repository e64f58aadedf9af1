import { type FoundList, type ListRow, type OpenedList } from './openList.ts';

/** A correction file, and the row of the list that each of its rows replaces. */
export type CorrectedPart = { list: OpenedList; targets: ReadonlyMap<number, number> };

/**
 * The list with the rows of its correction files. A corrected row replaces its row and keeps its number and line; new
 * rows follow at the end. Of several corrections of one row the last counts.
 */
export async function continueList(list: OpenedList, parts: readonly CorrectedPart[]): Promise<OpenedList> {
  if (parts.length === 0) return list;
  const corrected = new Map<number, ListRow>();
  for (const { list: part, targets } of parts) {
    const inOrder = orderOf(list.found, part.found);
    for await (const row of part.rows) {
      const target = targets.get(row.record);
      if (target !== undefined) corrected.set(target, { ...row, record: target, raw: inOrder(row.raw) });
    }
  }
  const records = Math.max(list.found.records, ...corrected.keys());
  return { found: { ...list.found, records }, rows: { [Symbol.asyncIterator]: () => rowsOf(list, corrected) } };
}

async function* rowsOf(list: OpenedList, corrected: ReadonlyMap<number, ListRow>): AsyncGenerator<ListRow> {
  let record = 0;
  for await (const row of list.rows) {
    record = row.record;
    const instead = corrected.get(record);
    yield instead === undefined ? row : { ...instead, line: row.line };
  }
  for (let added = corrected.get(++record); added !== undefined; added = corrected.get(++record)) yield added;
}

/** The cells of a correction file in the order of the list, by column, so that rows to correct again have its form. */
function orderOf(list: FoundList, part: FoundList): (raw: readonly string[]) => string[] {
  const places = list.headings.map((heading, index) => {
    const column = list.columns[index] ?? null;
    const place = column === null ? -1 : part.columns.indexOf(column);
    return place === -1 ? part.headings.indexOf(heading) : place;
  });
  return (raw) => places.map((place) => raw[place] ?? '');
}
