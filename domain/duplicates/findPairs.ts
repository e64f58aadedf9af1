import {
  type Comparison,
  canBePair,
  comparePeople,
  type KnownPerson,
  type PersonReader,
  readPersonName,
} from './comparePeople.ts';
import type { ReadName } from './nameLikeness.ts';
import { candidateKeys, searchKeys } from './searchKeys.ts';

export type FoundPair<Person extends KnownPerson> = { one: Person; other: Person; comparison: Comparison };

/** `candidates` share a key; `compared` are those of them that could still be a pair whatever their names. */
export type PairSearch<Person extends KnownPerson> = {
  pairs: Array<FoundPair<Person>>;
  candidates: number;
  compared: number;
};

/**
 * The pairs among people held in memory: a list, or the candidates that a database found. Only people who share a
 * key are compared. Heads of two families are settled last, because a family that registered twice shows in its
 * other members.
 */
export function findPairs<Person extends KnownPerson>(people: readonly Person[]): PairSearch<Person> {
  const read = remembering();
  const candidates = candidatePairs(people);
  const pairs: Array<FoundPair<Person>> = [];
  let compared = 0;
  const meeting = new Set<string>();
  const doubtful: Array<[Person, Person]> = [];
  for (const [one, other] of candidates) {
    if (!canBePair(one, other)) continue;
    compared++;
    const comparison = comparePeople(one, other, { read });
    if (comparison.reasons.some(({ reason }) => reason === 'HEADS_OF_TWO_FAMILIES')) doubtful.push([one, other]);
    else if (comparison.pair) {
      pairs.push({ one, other, comparison });
      meeting.add(householdPair(one, other));
    }
  }
  for (const [one, other] of doubtful) {
    const comparison = comparePeople(one, other, { read, familiesMeet: meeting.has(householdPair(one, other)) });
    if (comparison.pair) pairs.push({ one, other, comparison });
  }
  return { pairs, candidates: candidates.length, compared };
}

function householdPair(one: KnownPerson, other: KnownPerson): string {
  return [one.household.id, other.household.id].sort().join('\n');
}

function remembering(): PersonReader {
  const names = new Map<KnownPerson, ReadName>();
  return (person) => {
    const known = names.get(person) ?? readPersonName(person);
    names.set(person, known);
    return known;
  };
}

/** Every two people who share a key, once, in the order of the list. */
function candidatePairs<Person extends KnownPerson>(people: readonly Person[]): Array<[Person, Person]> {
  const stored = new Map<string, number[]>();
  const found: Array<[Person, Person]> = [];
  for (const [index, person] of people.entries()) {
    const earlier = new Set<number>();
    for (const key of candidateKeys(person)) for (const at of stored.get(key) ?? []) earlier.add(at);
    for (const at of earlier) {
      const other = people[at];
      if (other !== undefined) found.push([other, person]);
    }
    for (const key of searchKeys(person)) {
      if (key.startsWith('name:')) continue;
      const places = stored.get(key);
      if (places === undefined) stored.set(key, [index]);
      else places.push(index);
    }
  }
  return found;
}
