import type { KnownPerson, PairReason } from '../../domain/duplicates/comparePeople.ts';
import {
  bestPairs,
  type FoundPair,
  meetings,
  pairsAmong,
  pairsBetween,
  withHeads,
} from '../../domain/duplicates/findPairs.ts';
import { type PairKeys, rememberedKeys, type SearchKey } from '../../domain/duplicates/searchKeys.ts';
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
