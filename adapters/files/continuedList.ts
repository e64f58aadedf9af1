import { type FoundList, type ListRow, type OpenedList } from './openList.ts';

/** A corrected file, and which row of the list each of its rows stands for. */
export type CorrectedPart = { list: OpenedList; targets: ReadonlyMap<number, number> };

/**
 * The list as corrected files have changed it: a corrected row stands in the place of its row, whose number and line it keeps;
 * rows that the list did not have follow at its end. Of several corrected rows for one place the last counts.
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

/** Cells of a corrected file in the order of the list, by what they stand for, so that what must be corrected again is in its form. */
function orderOf(list: FoundList, part: FoundList): (raw: readonly string[]) => string[] {
  const places = list.headings.map((heading, index) => {
    const column = list.columns[index] ?? null;
    const place = column === null ? -1 : part.columns.indexOf(column);
    return place === -1 ? part.headings.indexOf(heading) : place;
  });
  return (raw) => places.map((place) => raw[place] ?? '');
}
