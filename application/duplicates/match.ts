import type { KnownPerson, PairReason } from '../../domain/duplicates/comparePeople.ts';
import {
  bestPairs,
  type FoundPair,
  meetings,
  pairsAmong,
  pairsBetween,
  withHeads,
} from '../../domain/duplicates/findPairs.ts';
import {
  type KeyIndex,
  keyIndex,
  type PairKeys,
  rememberedKeys,
  type SearchKey,
} from '../../domain/duplicates/searchKeys.ts';
import type { DuplicateCandidates } from '../../domain/imports/importRecord.ts';
import { type Instant, MINUTE } from '../../domain/time.ts';
import { derivedId } from '../ids.ts';

/** A registered person, decrypted for comparison only. Nobody sees the data, so there is no disclosure. */
export type RegisteredPerson = KnownPerson & { personId: string; operationId: string };

/** The people who are registered, erased ones left out. */
export type KnownPeople = {
  people(personIds: readonly string[]): Promise<RegisteredPerson[]>;
  heads(householdIds: readonly string[]): Promise<RegisteredPerson[]>;
  /**
   * People with one of these keys, some at a time, those with most keys first. A drill compares only its own people;
   * other operations compare all people outside drills.
   */
  under(operationId: string, keys: readonly SearchKey[]): AsyncIterable<RegisteredPerson[]>;
};

export type NewPair = {
  id: string;
  personA: string;
  personB: string;
  operationA: string;
  operationB: string;
  score: number;
  reasons: Array<{ reason: PairReason; points: number }>;
};

export type MatchTransaction = KnownPeople & {
  /** The next people who have not been compared. None while a list is being imported, unless for longer than `wait`. */
  next(limit: number, wait: number): Promise<string[]>;
  storeKeys(keys: ReadonlyArray<{ personId: string; keys: readonly SearchKey[] }>): Promise<void>;
  /** Stores the pairs that are not stored yet. A pair with a decision keeps it. @returns those that are new */
  add(pairs: readonly NewPair[]): Promise<Array<Pick<NewPair, 'id' | 'operationA' | 'operationB'>>>;
  operationTimes(operationIds: readonly string[], real: Instant): Promise<Map<string, Instant>>;
  openTasks(tasks: ReadonlyArray<{ pairId: string; operationId: string; at: Instant }>): Promise<void>;
  markCompared(personIds: readonly string[]): Promise<void>;
};

export type MatchPorts = {
  transaction<T>(work: (inside: MatchTransaction) => Promise<T>): Promise<T>;
  /** real time */
  clock(): Instant;
};

/** Compared in one transaction of some tenths of a second. */
const BATCH = 200;

/** The limit of the wait for an import, so that a blocked import does not stop the comparison. */
const WAITS_AT_MOST = 10 * MINUTE;

/**
 * Compares the next registered people with everybody known, and stores the pairs for a person to decide. One process
 * does this at a time, so the second of two newcomers finds the first. It waits while a list is being checked or
 * committed, because registration has priority.
 * @returns how many were compared
 */
export const matchNewcomers = (ports: MatchPorts) => (): Promise<number> =>
  ports.transaction(async (inside) => {
    const ids = await inside.next(BATCH, WAITS_AT_MOST);
    if (ids.length === 0) return 0;
    const newcomers = await inside.people(ids);
    const keys = rememberedKeys();
    await inside.storeKeys(newcomers.map((person) => ({ personId: person.personId, keys: keys.filed(person) })));
    for (const [operationId, people] of Map.groupBy(newcomers, (person) => person.operationId)) {
      await storePairs(inside, await meetEverybody(inside, operationId, people, keys), ports.clock());
    }
    await inside.markCompared(ids);
    return ids.length;
  });

/** The pairs of these newcomers, whose keys are stored already, with each other and with everybody known. */
async function meetEverybody(
  inside: KnownPeople,
  operationId: string,
  newcomers: readonly RegisteredPerson[],
  keys: PairKeys,
): Promise<Array<FoundPair<RegisteredPerson>>> {
  const own = new Set(newcomers.map(({ personId }) => personId));
  const pairs = pairsAmong(newcomers, keys).pairs;
  for await (const filed of inside.under(operationId, newcomers.flatMap(keys.lookedFor))) {
    const known = filed.filter(({ personId }) => !own.has(personId));
    pairs.push(...pairsBetween(newcomers, known, keys).pairs);
  }
  const best = bestPairs(pairs);
  return withHeads(best, await inside.heads(meetings(best).flat()));
}

/** Each new pair is a task in the operations of both people. */
async function storePairs(
  inside: MatchTransaction,
  pairs: ReadonlyArray<FoundPair<RegisteredPerson>>,
  real: Instant,
): Promise<void> {
  if (pairs.length === 0) return;
  const added = await inside.add(
    pairs.map(({ one, other, comparison }) => {
      const [a, b] = one.personId < other.personId ? [one, other] : [other, one];
      return {
        id: derivedId('pair', a.personId, b.personId),
        personA: a.personId,
        personB: b.personId,
        operationA: a.operationId,
        operationB: b.operationId,
        score: comparison.score,
        reasons: comparison.reasons,
      };
    }),
  );
  const places = added.flatMap(({ id, operationA, operationB }) =>
    [...new Set([operationA, operationB])].map((operationId) => ({ pairId: id, operationId })),
  );
  const times = await inside.operationTimes(
    places.map(({ operationId }) => operationId),
    real,
  );
  await inside.openTasks(places.map((place) => ({ ...place, at: times.get(place.operationId) ?? real })));
}

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
