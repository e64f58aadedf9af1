import type { KnownPerson } from '../../domain/duplicates/comparePeople.ts';
import {
  bestPairs,
  type FoundPair,
  meetings,
  pairsAmong,
  pairsBetween,
  withHeads,
} from '../../domain/duplicates/findPairs.ts';
import { type KeyIndex, keyIndex } from '../../domain/duplicates/keyIndex.ts';
import { type PairKeys, rememberedKeys } from '../../domain/duplicates/searchKeys.ts';
import type { DuplicateCandidates } from '../../domain/imports/importRecord.ts';
import type { KnownPeople } from './match.ts';

/** A row of a list that can be registered, decrypted for comparison only. */
export type ListedPerson = KnownPerson & { row: number };

/** A checked list that has not been compared. */
export type CheckedList = {
  operationId: string;
  /** in the order of the list */
  after(row: number, limit: number): Promise<ListedPerson[]>;
  numbered(rows: readonly number[]): Promise<ListedPerson[]>;
  ofHouseholds(households: readonly string[]): Promise<ListedPerson[]>;
  /** whether it is neither being committed nor checked again */
  isStillRequested(): Promise<boolean>;
  store(candidates: DuplicateCandidates): Promise<void>;
};

export type CompareListPorts = Pick<KnownPeople, 'heads' | 'under'> & {
  nextList(): Promise<CheckedList | undefined>;
};

const FIRST = 20;

/** Rows decrypted at a time, so that memory stays constant for any list. */
const PAGE = 500;

/** Earlier rows decrypted for a page; more rows share keys only in a list of one name. */
const CANDIDATES_AT_MOST = 5_000;

/**
 * Compares the next checked list: its rows with each other and with everybody known. The result is stored with the dry
 * run, and nothing else is written. A list that is being committed or reprocessed is skipped.
 * @param pause between two pages
 * @returns whether there was one
 */
export const compareCheckedList =
  (ports: CompareListPorts) =>
  async (pause: () => Promise<void> = async () => {}): Promise<boolean> => {
    const list = await ports.nextList();
    if (list === undefined) return false;
    const candidates = await compareRows(ports, list, pause);
    if (candidates !== undefined) await list.store(candidates);
    return true;
  };

async function compareRows(
  ports: CompareListPorts,
  list: CheckedList,
  pause: () => Promise<void>,
): Promise<DuplicateCandidates | undefined> {
  const filed = keyIndex();
  const met: DuplicateCandidates = { compared: 0, withinList: 0, withKnown: 0, first: [] };
  const within = new Set<string>();
  for (let cursor = 0; ; ) {
    const page = await list.after(cursor, PAGE);
    const last = page.at(-1);
    if (last === undefined) break;
    if (!(await list.isStillRequested())) return undefined;
    const keys = rememberedKeys();
    for (const { one, other, comparison } of await pairsWithin(list, page, filed, keys)) {
      const rows: [number, number] = one.row < other.row ? [one.row, other.row] : [other.row, one.row];
      if (within.has(rows.join())) continue;
      within.add(rows.join());
      const { score, reasons } = comparison;
      if (met.first.length < FIRST) met.first.push({ rows, score, reasons });
    }
    met.withKnown += await countKnown(ports, list, page, keys);
    met.compared += page.length;
    cursor = last.row;
    await pause();
  }
  return { ...met, withinList: within.size };
}

/** The pairs of these rows with each other and with earlier rows, which are indexed by key and decrypted on demand. */
async function pairsWithin(
  list: CheckedList,
  page: readonly ListedPerson[],
  filed: KeyIndex,
  keys: PairKeys,
): Promise<Array<FoundPair<ListedPerson>>> {
  const earlier = [...filed.under(page.flatMap(keys.lookedFor))].slice(0, CANDIDATES_AT_MOST);
  const pairs = pairsAmong(page, keys).pairs;
  for (let from = 0; from < earlier.length; from += PAGE) {
    pairs.push(...pairsBetween(page, await list.numbered(earlier.slice(from, from + PAGE)), keys).pairs);
  }
  for (const person of page) filed.add(person.row, keys.filed(person));
  const best = bestPairs(pairs);
  const households = meetings(best).flat();
  return withHeads(best, households.length === 0 ? [] : await list.ofHouseholds(households));
}

async function countKnown(
  ports: CompareListPorts,
  { operationId }: CheckedList,
  page: readonly ListedPerson[],
  keys: PairKeys,
): Promise<number> {
  const pairs: Array<FoundPair<KnownPerson>> = [];
  for await (const known of ports.under(operationId, page.flatMap(keys.lookedFor)))
    pairs.push(...pairsBetween<KnownPerson>(page, known, keys).pairs);
  const homes = meetings(pairs).flat();
  const heads = [...(await ports.heads(homes)), ...page.filter(({ household }) => homes.includes(household.id))];
  const found = new Set(withHeads(pairs, heads).flatMap(({ one, other }) => [one, other]));
  return page.filter((person) => found.has(person)).length;
}
