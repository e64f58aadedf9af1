import { foldName, isWrittenWithoutVowels } from './foldName.ts';
import { foldSound, soundLikeness } from './sound.ts';

/** Messages of a name as they sound, and all of them written together: Li Hua is Lihua, and عبدالله is عبد الله. */
type ReadWords = { words: readonly string[]; joined: string };

/** A name made ready for comparison once, however many people it is compared with. */
export type ReadName = {
  given: ReadWords;
  family: ReadWords;
  all: ReadWords;
  withoutVowels: boolean;
};

export function readName(givenNames: string, familyName: string): ReadName {
  const [given, family] = [foldName(givenNames), foldName(familyName)];
  return {
    given: readWords(given),
    family: readWords(family),
    all: readWords([...given, ...family]),
    withoutVowels: isWrittenWithoutVowels(givenNames + familyName),
  };
}

function readWords(words: readonly string[]): ReadWords {
  return { words: words.map(foldSound), joined: foldSound(words.join('')) };
}

/** `swapped`: given and family name in each other's place; `regrouped`: the same words parted otherwise. */
export type NameLikeness = { likeness: number; as: 'written' | 'swapped' | 'regrouped'; otherScript: boolean };

/** A word that only one of them has says little against it: people leave names out. */
const MISSING_WORD = 0.5;
const SWAPPED_COSTS = 0.02;
const REGROUPED_COSTS = 0.05;
/** Twins share the family name: the given names too must be alike. */
const PART_MUST_BE = 0.65;

/** How alike two names are, from 0 to 1, each word matched with the one that sounds most like it. */
export function nameLikeness(one: ReadName, other: ReadName): NameLikeness {
  const consonantsOnly = one.withoutVowels !== other.withoutVowels;
  const parts = (a: ReadWords, b: ReadWords): number => wordsLikeness(a, b, consonantsOnly);
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

function wordsLikeness(one: ReadWords, other: ReadWords, consonantsOnly: boolean): number {
  if (one.joined === '' || other.joined === '') return 0;
  const joined = soundLikeness(one.joined, other.joined, consonantsOnly);
  if (joined === 1) return 1;
  const matched = Math.max(
    matchWords(one.words, other.words, consonantsOnly),
    matchWords(other.words, one.words, consonantsOnly),
  );
  return Math.max(joined, matched);
}

/** Each word of the shorter name with the free word of the longer that sounds most like it. */
function matchWords(fewer: readonly string[], more: readonly string[], consonantsOnly: boolean): number {
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
