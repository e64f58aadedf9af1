import type { ListReader } from '../../activities/imports.ts';
import type { ColumnMapping } from './mapColumns.ts';
import { type Overrule, openList } from './openList.ts';

/** Opens the list of an import as a person has said that it is to be read; the edge has checked what they said. */
export const readImportedList: ListReader = (source, { overrule, mapping }) => {
  const said = (overrule ?? {}) as Overrule;
  return openList(source, { overrule: mapping ? { ...said, columns: mapping as ColumnMapping } : said });
};
