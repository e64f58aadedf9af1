import anyAscii from 'any-ascii';

/** Marks over and under Arabic letters, the small alef, and the stroke that only stretches a word. */
const ARABIC_MARKS = /[\u0610-\u061A\u064B-\u065F\u0670\u06D6-\u06ED\u0640]/g;

/** Letters of the Arabic script that hands, keyboards and countries use one for another. */
const ARABIC_LETTERS: ReadonlyArray<[RegExp, string]> = [
  [/[أإآٱٲٳ]/g, 'ا'],
  [/ؤ/g, 'و'],
  [/[ئىیےې]/g, 'ي'],
  [/ک/g, 'ك'],
  [/[ةۀەہھۃ]/g, 'ه'],
  [/ء/g, ''],
];

/** The article, written together with its word: التجريبي. Short words that begin so are left alone. */
const ARABIC_ARTICLE = /(?<!\p{L})ال(?=\p{L}{3})/gu;

const APOSTROPHES = /['’‘ʼʻʾʿ`´ˈ.]/g;

const isArabic = (text: string): boolean => /\p{Script=Arabic}/u.test(text);

/**
 * The words of a name in small Latin letters, whatever its script, for keys and comparison only: accents, marks,
 * punctuation and the habits of one script (hamza, ة for ه, ى for ي, stretched letters, the article) left out.
 * Arabic gives its consonants and long vowels: محمد is `mhmd`.
 */
export function foldName(name: string): string[] {
  let text = name.normalize('NFKC');
  if (isArabic(text)) {
    text = text.replace(ARABIC_MARKS, '');
    for (const [letters, letter] of ARABIC_LETTERS) text = text.replace(letters, letter);
    text = text.replace(ARABIC_ARTICLE, '').replaceAll('\u200C', '');
  }
  // the sounds ayn and hamza come out as apostrophes, and words of Han characters each with a capital
  const latin = anyAscii(text).replace(APOSTROPHES, '').toLowerCase();
  return latin.split(/[^a-z]+/).filter((word) => word !== '');
}

/** Whether a name is written in letters whose vowels are mostly left out, so that only its consonants can be compared. */
export function isWrittenWithoutVowels(name: string): boolean {
  return isArabic(name) || /\p{Script=Hebrew}|\p{Script=Syriac}/u.test(name);
}
