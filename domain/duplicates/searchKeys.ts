import type { PartialDate } from '../imports/birthDate.ts';
import { formatPartialDate } from '../imports/birthDate.ts';
import { daysInMonth } from '../imports/calendarDay.ts';
import { bareNumber } from '../imports/passport.ts';
import type { KnownPerson } from './comparePeople.ts';
import { foldName } from './foldName.ts';
import { consonantsOf, foldSound, reducedPhoneticKey, soundKey } from './sound.ts';

/**
 * Keys by which somebody is met who may be the same person, by prefix:
 * `born:` sound of a word with the birth date as far as it is known,
 * `whole:` all consonants of the name with the birth year, `tel:` telephone with the birth year, `doc:` document number.
 * They hold names, dates and numbers as they are: whoever stores them stores a keyed hash.
 */
export type SearchKey = string;

/** Abd al-…, written together in many ways: people look for the servant alone too. */
const SERVANT_OF = /^a?bd(?=[aeiou]?l..)/;

/** Messages of a name, neighbours written together (عبد الله, Li Hua), and what stands before the God's name in عبدالله. */
export function searchedWords(name: string): string[] {
  const words = foldName(name);
  const joined = words.slice(1).map((word, index) => (words[index] ?? '') + word);
  const servants = words.flatMap((word) => SERVANT_OF.exec(word) ?? []);
  return [...new Set([...words, ...joined, ...servants])];
}

/** A word by which somebody is searched: its broad sound, and how exactly it is seen; null where several words share the sound. */
export type NameToken = { sound: string; seen: string | null };

/**
 * The words by which a name is searched, one for each sound; a short one by its lean sound too, so that another script
 * finds it by more than the other words that it shares with thousands. Whoever has one of the sounds may be meant, those the more
 * of whom words are seen the same (Mohammed and Ahmed share a sound); `rankByName` puts them in order.
 */
export function nameTokens(name: string): NameToken[] {
  const sounds = searchedWords(name).flatMap((word) =>
    [...new Set([soundKey(word), reducedPhoneticKey(word)])].map((sound) => ({ word, sound })),
  );
  return [...Map.groupBy(sounds, ({ sound }) => sound)].map(([sound, those]) => {
    const seen = new Set(those.map(({ word }) => foldSound(word)));
    return { sound, seen: seen.size === 1 ? ([...seen][0] ?? null) : null };
  });
}

/** What of a typed text can be a name: a word with a digit in it is a number of something. */
export function nameIn(text: string): string {
  return text
    .split(/\s+/)
    .filter((word) => !/\p{N}/u.test(word))
    .join(' ');
}

/** The keys under which a person is filed to be met by whoever may be the same person. */
export function pairKeys(person: KnownPerson): SearchKey[] {
  const { birthDate } = person;
  const filed = birthDate === null || birthDate.month === null ? [] : [formatPartialDate(birthDate)];
  return keysOf(person, filed);
}

/** The keys under which people are filed who may be the same person as this one. */
export function candidateKeys(person: KnownPerson): SearchKey[] {
  return keysOf(person, person.birthDate === null ? [] : datesOfTheSame(person.birthDate));
}

/** The two kinds of keys of people that are compared. */
export type PairKeys = { filed: (person: KnownPerson) => SearchKey[]; lookedFor: (person: KnownPerson) => SearchKey[] };

/** Keeps what it has made, so it is for as long as these people are compared and no longer. */
export function rememberedKeys(): PairKeys {
  const remembering = (make: (person: KnownPerson) => SearchKey[]) => {
    const kept = new Map<KnownPerson, SearchKey[]>();
    return (person: KnownPerson): SearchKey[] => {
      const keys = kept.get(person) ?? make(person);
      kept.set(person, keys);
      return keys;
    };
  };
  return { filed: remembering(pairKeys), lookedFor: remembering(candidateKeys) };
}

function keysOf(person: KnownPerson, dates: readonly string[]): SearchKey[] {
  const keys: SearchKey[] =
    dates.length === 0 ? [] : wordSounds(person).flatMap((sound) => dates.map((date) => `born:${sound}:${date}`));
  if (person.birthDate !== null) {
    const { year } = person.birthDate;
    // where only the year is known, nothing less than the whole name makes a pair
    keys.push(`whole:${consonantsOf(foldName(`${person.givenNames} ${person.familyName}`))}:${year}`);
    if (person.phone !== null) keys.push(`tel:${person.phone}:${year}`);
  }
  const number = bareNumber(person.document?.number ?? '');
  if (number !== '') keys.push(`doc:${number}`);
  return keys;
}

/** Years that a birth date written wrongly may be off, by `comparePeople`. */
const YEARS_OFF = [-2, -1, 1, 2];

/**
 * The birth dates under which the same person may be filed, by what `comparePeople` lets pass: the date itself, day and
 * month exchanged, years off; the month alone, or any day of a month of which the day is not known.
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

/** Messages one by one, and given and family name each as one word. */
function wordSounds(person: KnownPerson): string[] {
  const [given, family] = [foldName(person.givenNames), foldName(person.familyName)];
  const words = [...given, ...family, given.join(''), family.join('')].filter((word) => word !== '');
  return [...new Set(words.map(soundKey))];
}
