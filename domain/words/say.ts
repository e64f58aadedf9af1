import { ENGLISH } from './english.ts';

/** A sentence by its key and what stands in it: other languages bring a table with the same keys. */
export type WordKey = keyof typeof ENGLISH;
export type Words = Readonly<Record<WordKey, string>>;
export type Fill = Readonly<Record<string, string | number>>;

/** The sentence with `{name}` replaced from `fill`. A place without a value stays empty, never `undefined`. */
export function say(key: WordKey, fill: Fill = {}, words: Words = ENGLISH): string {
  return words[key].replace(/\{(\w+)\}/g, (_, name: string) => String(fill[name] ?? ''));
}

/** `key.one` for 1, else `key.other`, filled with `n` as well. */
export function sayCount(key: CountKey, n: number, fill: Fill = {}, words: Words = ENGLISH): string {
  return say(n === 1 ? `${key}.one` : `${key}.other`, { n, ...fill }, words);
}

type Stem<K> = K extends `${infer S}.one` ? S : never;
export type CountKey = Stem<WordKey>;

export function isWordKey(text: string): text is WordKey {
  return Object.hasOwn(ENGLISH, text);
}

/** What can go wrong so that somebody has to look at it; each kind has its sentence. */
export type AlarmKind = WordKey extends infer K ? (K extends `alarm.${infer Kind}` ? Kind : never) : never;

/** Parts joined as in a sentence: `a`, `a and b`, `a, b and c`. */
export function list(parts: readonly string[], words: Words = ENGLISH): string {
  const last = parts.at(-1) ?? '';
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} ${words.and} ${last}`;
}
