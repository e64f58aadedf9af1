import { searchTokens } from './searchKeys.ts';
import { foldName, foldSound, isWrittenWithoutVowels, soundLikeness } from './sound.ts';

/** The tokens of a name by phonetic key, and all of them joined: Li Hua is Lihua, and عبدالله is عبد الله. */
type NameTokens = { words: readonly string[]; joined: string };

/** A name prepared once for many comparisons. */
export type ReadName = {
  given: NameTokens;
  family: NameTokens;
  all: NameTokens;
  withoutVowels: boolean;
};

export function readName(givenNames: string, familyName: string): ReadName {
  const [given, family] = [foldName(givenNames), foldName(familyName)];
  return {
    given: toNameTokens(given),
    family: toNameTokens(family),
    all: toNameTokens([...given, ...family]),
    withoutVowels: isWrittenWithoutVowels(givenNames + familyName),
  };
}

function toNameTokens(words: readonly string[]): NameTokens {
  return { words: words.map(foldSound), joined: foldSound(words.join('')) };
}

/** `swapped`: given and family name in each other's place. `regrouped`: the same tokens split differently. */
export type NameLikeness = { likeness: number; as: 'written' | 'swapped' | 'regrouped'; otherScript: boolean };

/** A token that only one name has counts little against it, because people omit names. */
const MISSING_WORD = 0.5;
const SWAPPED_COSTS = 0.02;
const REGROUPED_COSTS = 0.05;
/** Twins share the family name, so the given names must be alike too. */
const PART_MUST_BE = 0.65;

/** The likeness of two names from 0 to 1. Each token is matched with the most similar one. */
export function nameLikeness(one: ReadName, other: ReadName): NameLikeness {
  const consonantsOnly = one.withoutVowels !== other.withoutVowels;
  const parts = (a: NameTokens, b: NameTokens): number => tokensLikeness(a, b, consonantsOnly);
  const both = (first: number, second: number): number =>
    Math.min(first, second) < PART_MUST_BE ? 0 : (first + second) / 2;
  const hasBoth = [one, other].every((name) => name.given.joined !== '' && name.family.joined !== '');
  const written = hasBoth ? both(parts(one.given, other.given), parts(one.family, other.family)) : 0;
  const swapped = hasBoth ? both(parts(one.given, other.family), parts(one.family, other.given)) - SWAPPED_COSTS : 0;
  const regrouped = parts(one.all, other.all) - REGROUPED_COSTS;
  const best = Math.max(written, swapped, regrouped, 0);
  return {
    likeness: best,
    as: best === written ? 'written' : best === swapped ? 'swapped' : 'regrouped',
    otherScript: consonantsOnly,
  };
}

function tokensLikeness(one: NameTokens, other: NameTokens, consonantsOnly: boolean): number {
  if (one.joined === '' || other.joined === '') return 0;
  const joined = soundLikeness(one.joined, other.joined, consonantsOnly);
  if (joined === 1) return 1;
  const matched = Math.max(
    matchTokens(one.words, other.words, consonantsOnly),
    matchTokens(other.words, one.words, consonantsOnly),
  );
  return Math.max(joined, matched);
}

/** Each token of the shorter name, with the most similar free token of the longer one. */
function matchTokens(fewer: readonly string[], more: readonly string[], consonantsOnly: boolean): number {
  if (fewer.length > more.length) return 0;
  const free = new Set(more.keys());
  let sum = 0;
  for (const word of fewer) {
    let best = 0;
    let at = -1;
    for (const index of free) {
      const likeness = soundLikeness(word, more[index] ?? '', consonantsOnly);
      if (likeness > best || at === -1) [best, at] = [likeness, index];
    }
    free.delete(at);
    sum += best;
  }
  return (sum + free.size * MISSING_WORD) / more.length;
}

/** How well a name matches a search, from 0 to 1. Every token of the search counts; the rest of the name does not. */
function answersSearch(query: string, name: string): number {
  const consonantsOnly = isWrittenWithoutVowels(query) !== isWrittenWithoutVowels(name);
  const words = foldName(query);
  const known = searchTokens(name).map(foldSound);
  const best = (word: string): number =>
    Math.max(0, ...known.map((candidate) => soundLikeness(foldSound(word), candidate, consonantsOnly)));
  const average = (searched: readonly string[]): number =>
    searched.length === 0 ? 0 : searched.reduce((sum, word) => sum + best(word), 0) / searched.length;
  // two tokens of the search may be one in the name
  const regrouped = words
    .slice(1)
    .map((word, index) => [...words.slice(0, index), (words[index] ?? '') + word, ...words.slice(index + 2)]);
  return Math.max(average(words), ...regrouped.map(average));
}

/** The people whom a name search may mean, with their scores, the best first. Equal ones keep their order. */
export function rankByName<Person extends { givenNames: string; familyName: string }>(
  query: string,
  people: readonly Person[],
): Array<{ person: Person; match: number }> {
  return people
    .map((person) => ({ person, match: answersSearch(query, `${person.givenNames} ${person.familyName}`) }))
    .sort((a, b) => b.match - a.match);
}
