import type { ListReader } from '../../activities/imports.ts';
import { continueList, type MendedPart } from './continuedList.ts';
import { type Overrule, openList } from './openList.ts';

/** Opens the list of an import as people have said that it is to be read; the edge has checked what they said. */
export const readImportedList: ListReader = async ({ source, said, partOf, recall, mended }) => {
  const overrule = partOf === undefined ? (said as Overrule) : overrulePart(partOf as Overrule, said as Overrule);
  const list = await openList(source, { overrule, recall });
  const parts: MendedPart[] = [];
  for (const { source: part, said: saidOfIt, targets } of mended) {
    const ofPart = overrulePart(overrule, saidOfIt as Overrule);
    parts.push({ list: await openList(part, { overrule: ofPart, recall }), targets });
  }
  const { found, rows } = await continueList(list, parts);
  return { found, records: found.records, rows };
};

/** A mended file may come in another form, but its headings and dates mean what those of its list do. */
function overrulePart({ columns = [], dateOrder }: Overrule, said: Overrule): Overrule {
  return { ...said, columns: [...(said.columns ?? []), ...columns], ...(dateOrder ? { dateOrder } : {}) };
}
