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
