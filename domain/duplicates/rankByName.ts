import { foldName, isWrittenWithoutVowels } from './foldName.ts';
import { searchedWords } from './searchKeys.ts';
import { foldSound, soundLikeness } from './sound.ts';

/** How well a name answers a search, from 0 to 1: every word that was asked for counts, what is left of the name does not. */
function answersSearch(query: string, name: string): number {
  const consonantsOnly = isWrittenWithoutVowels(query) !== isWrittenWithoutVowels(name);
  const words = foldName(query);
  const known = searchedWords(name).map(foldSound);
  const best = (word: string): number =>
    Math.max(0, ...known.map((candidate) => soundLikeness(foldSound(word), candidate, consonantsOnly)));
  const average = (asked: readonly string[]): number =>
    asked.length === 0 ? 0 : asked.reduce((sum, word) => sum + best(word), 0) / asked.length;
  // two words that were asked for may be one in the name
  const regrouped = words
    .slice(1)
    .map((word, index) => [...words.slice(0, index), (words[index] ?? '') + word, ...words.slice(index + 2)]);
  return Math.max(average(words), ...regrouped.map(average));
}

/** Those whom a search by name may mean, with how well they answer it, the best first; equal ones stay in their order. */
export function rankByName<Person extends { givenNames: string; familyName: string }>(
  query: string,
  people: readonly Person[],
): Array<{ person: Person; match: number }> {
  return people
    .map((person) => ({ person, match: answersSearch(query, `${person.givenNames} ${person.familyName}`) }))
    .sort((a, b) => b.match - a.match);
}
