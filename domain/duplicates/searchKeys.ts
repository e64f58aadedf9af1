import { bareNumber } from '../intake/passport.ts';
import type { KnownPerson } from './comparePeople.ts';
import { foldName } from './foldName.ts';
import { soundKey } from './sound.ts';

/**
 * Keys by which somebody is found among all others, by prefix:
 * `name:` sound of a word (or of two written together), for searching;
 * `born:` sound of a word with the birth year, `two:` the sounds of two words, `doc:` document number,
 * `tel:` telephone with the birth year, for finding who may be the same person.
 * `doc:` and `tel:` hold numbers as they are: whoever stores them stores a keyed hash.
 */
export type SearchKey = string;

/** Abd al-…, written together in many ways: people look for the servant alone too. */
const SERVANT_OF = /^a?bd(?=[aeiou]?l..)/;

/** Words of a name, neighbours written together (عبد الله, Li Hua), and what stands before the God's name in عبدالله. */
export function searchedWords(name: string): string[] {
  const words = foldName(name);
  const joined = words.slice(1).map((word, index) => (words[index] ?? '') + word);
  const servants = words.flatMap((word) => SERVANT_OF.exec(word) ?? []);
  return [...new Set([...words, ...joined, ...servants])];
}

/** The sounds of those words, each once. */
export function nameSounds(name: string): string[] {
  return [...new Set(searchedWords(name).map(soundKey))];
}

/** The keys under which a search for a name looks: whoever has one of them may be meant; `rankByName` puts them in order. */
export function nameQueryKeys(query: string): SearchKey[] {
  return nameSounds(query).map((sound) => `name:${sound}`);
}

/** All keys under which a person is stored. */
export function searchKeys(person: KnownPerson): SearchKey[] {
  const sounds = nameSounds(`${person.givenNames} ${person.familyName}`);
  const years = person.birthDate === null ? [] : [person.birthDate.year];
  return [...sounds.map((sound) => `name:${sound}`), ...keysOf(person, years)];
}

/** Years that a slipped or a half-known birth date may be off, looked up beside the year itself. */
const YEARS_OFF = [-2, -1, 0, 1, 2];

/** The keys under which people are stored who may be the same person as this one. */
export function candidateKeys(person: KnownPerson): SearchKey[] {
  const { birthDate } = person;
  return keysOf(person, birthDate === null ? [] : YEARS_OFF.map((off) => birthDate.year + off));
}

function keysOf(person: KnownPerson, years: readonly number[]): SearchKey[] {
  const words = wordSounds(person);
  const keys: SearchKey[] = words.flatMap((sound) => years.map((year) => `born:${sound}:${year}`));
  // whoever's birth date is not known can only be found by two words together
  for (const [index, sound] of words.entries()) {
    for (const other of words.slice(index + 1)) keys.push(`two:${[sound, other].sort().join(':')}`);
  }
  const number = bareNumber(person.document?.number ?? '');
  if (number !== '') keys.push(`doc:${number}`);
  if (person.phone !== null) keys.push(...years.map((year) => `tel:${person.phone}:${year}`));
  return [...new Set(keys)];
}

/** Words one by one, and given and family name each as one word. */
function wordSounds(person: KnownPerson): string[] {
  const [given, family] = [foldName(person.givenNames), foldName(person.familyName)];
  const words = [...given, ...family, given.join(''), family.join('')].filter((word) => word !== '');
  return [...new Set(words.map(soundKey))];
}
