import { daysInMonth, formatPartialDate, type PartialDate } from '../imports/dates.ts';
import { bareNumber } from '../imports/passport.ts';
import type { KnownPerson } from './comparePeople.ts';
import { consonantsOf, foldName, foldSound, phoneticKey, reducedPhoneticKey } from './sound.ts';

/**
 * Keys that find possible duplicates, by prefix:
 * `born:` phonetic key of a token with the birth date as far as it is known,
 * `whole:` all consonants of the name with the birth year,
 * `tel:` telephone number with the birth year, `doc:` document number.
 * They hold names, dates and numbers in plain text, so only a keyed hash of them is stored.
 */
export type SearchKey = string;

/** Abd al-…, joined in many ways: people search for the second part alone too. */
const SERVANT_OF = /^a?bd(?=[aeiou]?l..)/;

/** The tokens of a name, neighbours joined (عبد الله, Li Hua), and the part before the divine name in عبدالله. */
export function searchTokens(name: string): string[] {
  const words = foldName(name);
  const joined = words.slice(1).map((word, index) => (words[index] ?? '') + word);
  const servants = words.flatMap((word) => SERVANT_OF.exec(word) ?? []);
  return [...new Set([...words, ...joined, ...servants])];
}

/** A search token: its phonetic key and its exact spelling; null where several tokens share the key. */
export type NameToken = { sound: string; seen: string | null };

/**
 * The search tokens of a name, one for each phonetic key. A short token also has its reduced phonetic key, so that
 * another script finds it. People who share a key are candidates, those with more equal spellings first (Mohammed and
 * Ahmed share a key). `rankByName` orders them.
 */
export function nameTokens(name: string): NameToken[] {
  const sounds = searchTokens(name).flatMap((word) =>
    [...new Set([phoneticKey(word), reducedPhoneticKey(word)])].map((sound) => ({ word, sound })),
  );
  return [...Map.groupBy(sounds, ({ sound }) => sound)].map(([sound, those]) => {
    const seen = new Set(those.map(({ word }) => foldSound(word)));
    return { sound, seen: seen.size === 1 ? ([...seen][0] ?? null) : null };
  });
}

/** The tokens of a typed text that can be a name. A token with a digit is a number. */
export function nameIn(text: string): string {
  return text
    .split(/\s+/)
    .filter((word) => !/\p{N}/u.test(word))
    .join(' ');
}

/** The keys under which a person is stored, so that possible duplicates find them. */
export function pairKeys(person: KnownPerson): SearchKey[] {
  const { birthDate } = person;
  const filed = birthDate === null || birthDate.month === null ? [] : [formatPartialDate(birthDate)];
  return keysOf(person, filed);
}

/** The keys that find the people who may be the same person as this one. */
export function candidateKeys(person: KnownPerson): SearchKey[] {
  return keysOf(person, person.birthDate === null ? [] : datesOfTheSame(person.birthDate));
}

/** Both kinds of keys of the people who are compared. */
export type PairKeys = { filed: (person: KnownPerson) => SearchKey[]; lookedFor: (person: KnownPerson) => SearchKey[] };

/** Caches its keys, so its lifetime is that of the comparison. */
export function rememberedKeys(): PairKeys {
  const remembering = (make: (person: KnownPerson) => SearchKey[]) => {
    const cache = new Map<KnownPerson, SearchKey[]>();
    return (person: KnownPerson): SearchKey[] => {
      const keys = cache.get(person) ?? make(person);
      cache.set(person, keys);
      return keys;
    };
  };
  return { filed: remembering(pairKeys), lookedFor: remembering(candidateKeys) };
}

function keysOf(person: KnownPerson, dates: readonly string[]): SearchKey[] {
  const keys: SearchKey[] =
    dates.length === 0 ? [] : phoneticKeysOf(person).flatMap((sound) => dates.map((date) => `born:${sound}:${date}`));
  if (person.birthDate !== null) {
    const { year } = person.birthDate;
    // where only the year is known, only the whole name makes a pair
    keys.push(`whole:${consonantsOf(foldName(`${person.givenNames} ${person.familyName}`))}:${year}`);
    if (person.phone !== null) keys.push(`tel:${person.phone}:${year}`);
  }
  const number = bareNumber(person.document?.number ?? '');
  if (number !== '') keys.push(`doc:${number}`);
  return keys;
}

/** By how many years a wrong birth date may differ, as in `comparePeople`. */
const YEARS_OFF = [-2, -1, 1, 2];

/**
 * The birth dates under which the same person may be stored, as `comparePeople` accepts them: the date itself, day and
 * month swapped, another year, the month alone, or any day of a month whose day is unknown.
 */
function datesOfTheSame({ year, month, day }: PartialDate): string[] {
  if (month === null) return [];
  const inMonth = formatPartialDate({ year, month, day: null });
  if (day === null) {
    const days = Array.from({ length: daysInMonth(year, month) }, (_, at) => ({ year, month, day: at + 1 }));
    return [inMonth, ...days.map(formatPartialDate)];
  }
  const dates = [{ year, month, day }, ...YEARS_OFF.map((off) => ({ year: year + off, month, day }))];
  if (day <= 12 && day !== month) dates.push({ year, month: day, day: month });
  return [inMonth, ...dates.map(formatPartialDate)];
}

/** The tokens one by one, and given and family name each joined. */
function phoneticKeysOf(person: KnownPerson): string[] {
  const [given, family] = [foldName(person.givenNames), foldName(person.familyName)];
  const words = [...given, ...family, given.join(''), family.join('')].filter((word) => word !== '');
  return [...new Set(words.map(phoneticKey))];
}

/** Rows of a list by key, small enough for lists that do not fit in memory. */
export type KeyIndex = {
  add(row: number, keys: readonly SearchKey[]): void;
  /** rows under any of these keys, each once; a hash collision adds rows, but never loses one */
  under(keys: readonly SearchKey[]): Set<number>;
};

/** Keys are stored as 32-bit hashes: a hundred thousand rows take some 30 MB. */
export function keyIndex(): KeyIndex {
  const rows = new Map<number, number | number[]>();
  return {
    add(row, keys) {
      for (const key of keys) {
        const hash = hashOf(key);
        const there = rows.get(hash);
        if (there === undefined) rows.set(hash, row);
        else if (typeof there === 'number') rows.set(hash, [there, row]);
        else there.push(row);
      }
    },
    under(keys) {
      const found = new Set<number>();
      for (const key of keys) for (const row of [rows.get(hashOf(key)) ?? []].flat()) found.add(row);
      return found;
    },
  };
}

/** FNV-1a over UTF-16 units. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}
