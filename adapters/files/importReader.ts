import type { ListReader } from '../../activities/imports.ts';
import { type CorrectedPart, continueList } from './continuedList.ts';
import { type Override, openList } from './openList.ts';

/** Opens the list of an import with the overrides of people; the API has validated them. */
export const readImportedList: ListReader = async ({ source, given, partOf, recall, corrected }) => {
  const override = partOf === undefined ? (given as Override) : overridePart(partOf as Override, given as Override);
  const list = await openList(source, { override, recall });
  const parts: CorrectedPart[] = [];
  for (const { source: part, given: givenOfPart, targets } of corrected) {
    const ofPart = overridePart(override, givenOfPart as Override);
    parts.push({ list: await openList(part, { override: ofPart, recall }), targets });
  }
  const { found, rows } = await continueList(list, parts);
  return { found, records: found.records, rows };
};

/** A correction file may have another format, but its headings and dates mean the same as in its list. */
function overridePart({ columns = [], dateOrder }: Override, given: Override): Override {
  return { ...given, columns: [...(given.columns ?? []), ...columns], ...(dateOrder ? { dateOrder } : {}) };
}
