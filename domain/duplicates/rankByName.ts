import { foldName, isWrittenWithoutVowels } from './foldName.ts';
import { searchTokens } from './searchKeys.ts';
import { foldSound, soundLikeness } from './sound.ts';

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
