import {
  type Comparison,
  canBePair,
  comparePeople,
  type KnownPerson,
  type PersonReader,
  readPersonName,
} from './comparePeople.ts';
import type { ReadName } from './nameLikeness.ts';
import { type PairKeys, pairKeys, rememberedKeys, type SearchKey } from './searchKeys.ts';

export type FoundPair<Person extends KnownPerson> = { one: Person; other: Person; comparison: Comparison };

/** `candidates` share a key. `compared` counts those that could be a pair whatever their names are. */
export type PairSearch<Person extends KnownPerson> = {
  pairs: Array<FoundPair<Person>>;
  candidates: number;
  compared: number;
};

/** The pairs among all people of a list that fits in memory. */
export function findPairs<Person extends KnownPerson>(people: readonly Person[]): PairSearch<Person> {
  const search = pairsAmong(people);
  return { ...search, pairs: withHeads(search.pairs, people) };
}

/**
 * The pairs among these people, without the evidence of families on their heads: `withHeads` adds it after all pairs are
 * found.
 */
export function pairsAmong<Person extends KnownPerson>(
  people: readonly Person[],
  keys: PairKeys = rememberedKeys(),
): PairSearch<Person> {
  const filed = new Map<SearchKey, Person[]>();
  return compareAll(people, (person) => {
    const earlier = sharing(keys.lookedFor(person), filed);
    file(person, keys.filed(person), filed);
    return earlier;
  });
}

/**
 * The pairs of a newcomer and a known person; `withHeads` completes them after all pairs are found.
 * @param keys those of the newcomers, who are compared with many known people; keys of known people are not cached
 */
export function pairsBetween<Person extends KnownPerson>(
  newcomers: readonly Person[],
  known: readonly Person[],
  keys: Pick<PairKeys, 'lookedFor'>,
): PairSearch<Person> {
  const filed = new Map<SearchKey, Person[]>();
  for (const person of known) file(person, pairKeys(person), filed);
  return compareAll(newcomers, (person) => sharing(keys.lookedFor(person), filed));
}

/** The pairs of families with members that are a pair. Their heads are compared again. */
export function meetings(pairs: ReadonlyArray<FoundPair<KnownPerson>>): Array<[string, string]> {
  const met = new Map(
    pairs
      .filter((pair) => !isOfTwoHeads(pair) && pair.one.household.id !== pair.other.household.id)
      .filter(({ one, other }) => one.household.size > 1 && other.household.size > 1)
      .map((pair) => [householdsOf(pair), [pair.one.household.id, pair.other.household.id] as [string, string]]),
  );
  return [...met.values()];
}

/**
 * Heads of two families are compared last, because their other members show whether the family registered twice.
 * @param heads those of all the households concerned; other people among them do no harm
 */
export function withHeads<Person extends KnownPerson>(
  pairs: ReadonlyArray<FoundPair<Person>>,
  heads: readonly Person[],
): Array<FoundPair<Person>> {
  const met = meetings(pairs);
  const headsOf = Map.groupBy(
    heads.filter(({ relationship }) => relationship === 'HEAD'),
    ({ household }) => household.id,
  );
  const settled = pairs.filter((pair) => !isOfTwoHeads(pair));
  const isSettled = pairSet(settled);
  const ofHeads = met
    .flatMap(([a, b]) =>
      (headsOf.get(a) ?? []).flatMap((one) => (headsOf.get(b) ?? []).map((other) => ({ one, other }))),
    )
    .filter(({ one, other }) => !isSettled(one, other))
    .map(({ one, other }) => ({ one, other, comparison: comparePeople(one, other, { familiesMeet: true }) }));
  const together = new Set(ofHeads.map(householdsOf));
  return [
    ...settled,
    ...pairs.filter((pair) => isOfTwoHeads(pair) && !together.has(householdsOf(pair))),
    ...ofHeads.filter(({ comparison }) => comparison.pair),
  ];
}

function isOfTwoHeads({ comparison }: FoundPair<KnownPerson>): boolean {
  return comparison.reasons.some(({ reason }) => reason === 'HEADS_OF_TWO_FAMILIES');
}

/** Whether two people are among these pairs, in either order. */
function pairSet(pairs: ReadonlyArray<FoundPair<KnownPerson>>): (one: KnownPerson, other: KnownPerson) => boolean {
  const others = Map.groupBy(pairs, ({ one }) => one);
  const first = new Map([...others].map(([one, those]) => [one, new Set(those.map(({ other }) => other))]));
  return (one, other) => first.get(one)?.has(other) === true || first.get(other)?.has(one) === true;
}

function householdsOf({ one, other }: { one: KnownPerson; other: KnownPerson }): string {
  return [one.household.id, other.household.id].sort().join('\n');
}

/**
 * Limits for each newcomer. A list with one person ten thousand times, or with a name and birth date that thousands
 * share, then costs no more than its length. Nobody could decide on more pairs of one person.
 */
const COMPARED_AT_MOST = 200;
export const PAIRS_AT_MOST = 20;

/** For each newcomer the pairs with the highest scores. */
export function bestPairs<Person extends KnownPerson>(
  pairs: ReadonlyArray<FoundPair<Person>>,
): Array<FoundPair<Person>> {
  const ofNewcomer = Map.groupBy(pairs, ({ other }) => other);
  return [...ofNewcomer.values()].flatMap((those) =>
    those.toSorted((a, b) => b.comparison.score - a.comparison.score).slice(0, PAIRS_AT_MOST),
  );
}

/** @param candidatesOf the people to compare somebody with, in their order */
function compareAll<Person extends KnownPerson>(
  people: readonly Person[],
  candidatesOf: (person: Person) => Iterable<Person>,
): PairSearch<Person> {
  const read = remembering();
  const search: PairSearch<Person> = { pairs: [], candidates: 0, compared: 0 };
  for (const other of people) {
    let compared = 0;
    for (const one of candidatesOf(other)) {
      search.candidates += 1;
      if (!canBePair(one, other)) continue;
      if (++compared > COMPARED_AT_MOST) break;
      const comparison = comparePeople(one, other, { read });
      if (comparison.pair) search.pairs.push({ one, other, comparison });
    }
    search.compared += compared;
  }
  return { ...search, pairs: bestPairs(search.pairs) };
}

function remembering(): PersonReader {
  const names = new Map<KnownPerson, ReadName>();
  return (person) => {
    const known = names.get(person) ?? readPersonName(person);
    names.set(person, known);
    return known;
  };
}

function file<Person extends KnownPerson>(
  person: Person,
  keys: readonly SearchKey[],
  filed: Map<SearchKey, Person[]>,
): void {
  for (const key of keys) {
    const others = filed.get(key);
    if (others === undefined) filed.set(key, [person]);
    else others.push(person);
  }
}

/** The people stored under one of these keys, each once. */
function sharing<Person extends KnownPerson>(
  keys: readonly SearchKey[],
  filed: ReadonlyMap<SearchKey, Person[]>,
): Set<Person> {
  return new Set(keys.flatMap((key) => filed.get(key) ?? []));
}
