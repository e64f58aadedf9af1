import anyAscii from 'any-ascii';

/** Marks over and under Arabic letters, the small alef, and the stretching stroke. */
const ARABIC_MARKS = /[\u0610-\u061A\u064B-\u065F\u0670\u06D6-\u06ED\u0640]/g;

/** Letters of the Arabic script that writers, keyboards and countries use for one another. */
const ARABIC_LETTERS: ReadonlyArray<[RegExp, string]> = [
  [/[أإآٱٲٳ]/g, 'ا'],
  [/ؤ/g, 'و'],
  [/[ئىیےې]/g, 'ي'],
  [/ک/g, 'ك'],
  [/[ةۀەہھۃ]/g, 'ه'],
  [/ء/g, ''],
];

/** The article, written together with its word: التجريبي. Short words with these letters stay unchanged. */
const ARABIC_ARTICLE = /(?<!\p{L})ال(?=\p{L}{3})/gu;

const APOSTROPHES = /['’‘ʼʻʾʿ`´ˈ.]/g;

const isArabic = (text: string): boolean => /\p{Script=Arabic}/u.test(text);

/**
 * The name tokens in lower-case Latin letters, whatever the script, for keys and comparison only. Accents, marks,
 * punctuation and habits of one script are removed (hamza, ة for ه, ى for ي, stretched letters, the article). Arabic
 * gives its consonants and long vowels: محمد is `mhmd`.
 */
export function foldName(name: string): string[] {
  let text = name.normalize('NFKC');
  if (isArabic(text)) {
    text = text.replace(ARABIC_MARKS, '');
    for (const [letters, letter] of ARABIC_LETTERS) text = text.replace(letters, letter);
    text = text.replace(ARABIC_ARTICLE, '').replaceAll('\u200C', '');
  }
  // ayn and hamza become apostrophes, and each Han character becomes a word with a capital
  const latin = anyAscii(text).replace(APOSTROPHES, '').toLowerCase();
  return latin.split(/[^a-z]+/).filter((word) => word !== '');
}

/** Whether the script of a name omits most vowels, so that only the consonants can be compared. */
export function isWrittenWithoutVowels(name: string): boolean {
  return isArabic(name) || /\p{Script=Hebrew}|\p{Script=Syriac}/u.test(name);
}

/**
 * How alike two name tokens sound, whoever wrote them. It is no phonetic algorithm of one language: the names are
 * Arabic, Hausa, Amharic, Bangla, Melanesian and others, written by speakers of French, English and Arabic. It is an
 * edit distance in which letters that writers interchange cost little.
 */

const DIGRAPHS: ReadonlyArray<[RegExp, string]> = [
  [/sch|tch|sh|ch/g, 's'],
  [/ph/g, 'f'],
  [/gh/g, 'g'],
  [/kh|ck|q|c/g, 'k'],
  [/dj/g, 'j'],
  [/th/g, 't'],
  [/dh/g, 'd'],
  [/zh/g, 'z'],
  [/ou|oo/g, 'u'],
  [/ee|ea|ie/g, 'i'],
  [/ai|ay|ei|ey/g, 'e'],
  [/x/g, 'h'],
  [/(.)\1+/g, '$1'],
  // Merah is Mera
  [/(?<=[aeiou])h$/g, ''],
];

/** The token with spellings of one sound unified: `Nouhou` and `Nuhu` are `nuhu`. */
export function foldSound(word: string): string {
  return DIGRAPHS.reduce((text, [letters, letter]) => text.replace(letters, letter), word);
}

const CLASSES: Readonly<Record<string, string>> = { p: 'b', v: 'f', d: 't', z: 's', g: 'k', j: 'k' };

/**
 * The phonetic key of a token: its consonants in broad classes, to find candidates. `Khadija`, `Kadidja` and خديجة share
 * one.
 * Tokens with hardly any consonants keep their h, w and y.
 */
export function phoneticKey(word: string): string {
  const folded = foldSound(word);
  const consonants = folded.replace(/[aeiouhwy]/g, '');
  const kept = consonants.length >= 2 ? consonants : folded.replace(/[aeiou]/g, '');
  const key = Array.from(kept, (letter) => CLASSES[letter] ?? letter).join('');
  return key.replace(/(.)\1+/g, '$1') || folded;
}

/**
 * The reduced phonetic key: the key of a token with hardly any consonants, with h, w and y as vowels. `yari` and یاری
 * share `yr`; Ali and علي share `l`. Any other token has only its phonetic key.
 */
export function reducedPhoneticKey(word: string): string {
  const sound = phoneticKey(word);
  return sound.charAt(0) + sound.slice(1).replace(/[hwy]/g, '');
}

/**
 * The consonants of a name in alphabetical order: the same however its tokens are ordered, split or doubled.
 * A name of vowels alone gives its phonetic spelling.
 */
export function consonantsOf(words: readonly string[]): string {
  const consonants = new Set(
    words
      .map(phoneticKey)
      .join('')
      .replace(/[aeiouhwy]/g, ''),
  );
  return consonants.size === 0 ? words.map(foldSound).join('') : [...consonants].sort().join('');
}

/** The cost to replace one letter with another, by pairs in alphabetical order; the same letter costs nothing. */
const WRITTEN_FOR: Readonly<Record<string, number>> = {
  ae: 0.25,
  ao: 0.4,
  ei: 0.1,
  ey: 0.15,
  iy: 0.1,
  ou: 0.1,
  uw: 0.1,
  ow: 0.2,
  vw: 0.2,
  bp: 0.3,
  bv: 0.4,
  fv: 0.3,
  dt: 0.4,
  gk: 0.4,
  gj: 0.3,
  jk: 0.6,
  jz: 0.4,
  jy: 0.4,
  sz: 0.2,
  hk: 0.4,
  mn: 0.6,
  lr: 0.7,
  ds: 0.6,
  dz: 0.4,
};

/** The cost to omit a letter. */
type Costs = { vowel: number; weak: number; consonant: number; weakForWeak: number | null };

/** The costs as tables by letter, a = 0, because comparisons run by the hundred thousand. */
type CostTables = { leaveOut: Float64Array; writtenFor: Float64Array };

const LETTERS = Array.from('abcdefghijklmnopqrstuvwxyz');
const CODE_OF_A = 97;

function tablesOf(costs: Costs): CostTables {
  const isVowel = (letter: string): boolean => 'aeiou'.includes(letter);
  const isWeak = (letter: string): boolean => isVowel(letter) || 'hwy'.includes(letter);
  const leaveOut = LETTERS.map((letter) => {
    if (isVowel(letter)) return costs.vowel;
    return isWeak(letter) ? costs.weak : costs.consonant;
  });
  const substitution = (one: string, other: string): number => {
    if (one === other) return 0;
    if (costs.weakForWeak !== null && isWeak(one) && isWeak(other)) return costs.weakForWeak;
    return WRITTEN_FOR[one < other ? one + other : other + one] ?? (isVowel(one) && isVowel(other) ? 0.3 : 1);
  };
  return {
    leaveOut: Float64Array.from(leaveOut),
    writtenFor: Float64Array.from(LETTERS.flatMap((one) => LETTERS.map((other) => substitution(one, other)))),
  };
}

const ALL_LETTERS = tablesOf({ vowel: 0.6, weak: 0.6, consonant: 1, weakForWeak: null });
/** Where one name is written without vowels, a written long vowel matches any vowel. */
const CONSONANTS_ONLY = tablesOf({ vowel: 0.08, weak: 0.3, consonant: 1, weakForWeak: 0.05 });

/**
 * Likeness from 0 (none) to 1 (the same sound).
 * @param one a token from `foldSound` (letters a to z), like the other
 * @param consonantsOnly whether one of the two is written without vowels
 */
export function soundLikeness(one: string, other: string, consonantsOnly: boolean): number {
  if (one === other) return 1;
  if (!consonantsOnly) return likenessBy(one, other, ALL_LETTERS);
  // the last letter of خديجة is read as a, at or atu
  const readings = (word: string): string[] => (word.endsWith('h') ? [word, `${word.slice(0, -1)}t`] : [word]);
  const likenesses = readings(one).flatMap((a) => readings(other).map((b) => likenessBy(a, b, CONSONANTS_ONLY)));
  return Math.max(...likenesses);
}

function likenessBy(one: string, other: string, tables: CostTables): number {
  const heavier = Math.max(weigh(one, tables), weigh(other, tables));
  return heavier === 0 ? 0 : Math.max(0, 1 - distance(one, other, tables) / heavier);
}

function weigh(word: string, { leaveOut }: CostTables): number {
  let sum = 0;
  for (let index = 0; index < word.length; index++) sum += leaveOut[word.charCodeAt(index) - CODE_OF_A] ?? 1;
  return sum;
}

function distance(a: string, b: string, { leaveOut, writtenFor }: CostTables): number {
  let previous = new Float64Array(b.length + 1);
  let row = new Float64Array(b.length + 1);
  const of = (table: Float64Array, index: number): number => table[index] ?? 1;
  for (let at = 0; at < b.length; at++)
    previous[at + 1] = of(previous, at) + of(leaveOut, b.charCodeAt(at) - CODE_OF_A);
  for (let index = 0; index < a.length; index++) {
    const letter = a.charCodeAt(index) - CODE_OF_A;
    const without = of(leaveOut, letter);
    row[0] = of(previous, 0) + without;
    for (let at = 0; at < b.length; at++) {
      const other = b.charCodeAt(at) - CODE_OF_A;
      row[at + 1] = Math.min(
        of(previous, at + 1) + without,
        of(row, at) + of(leaveOut, other),
        of(previous, at) + of(writtenFor, letter * LETTERS.length + other),
      );
    }
    [previous, row] = [row, previous];
  }
  return of(previous, b.length);
}
