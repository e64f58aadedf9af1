import { EN } from './en.ts';

/** A sentence by its key and what stands in it: other languages bring a table with the same keys. */
export type MessageKey = keyof typeof EN;
export type Messages = Readonly<Record<MessageKey, string>>;
export type Fill = Readonly<Record<string, string | number>>;

/** The sentence with `{name}` replaced from `fill`. A place without a value stays empty, never `undefined`. */
export function t(key: MessageKey, fill: Fill = {}, words: Messages = EN): string {
  return words[key].replace(/\{(\w+)\}/g, (_, name: string) => String(fill[name] ?? ''));
}

/** `key.one` for 1, else `key.other`, filled with `n` as well. */
export function tCount(key: CountKey, n: number, fill: Fill = {}, words: Messages = EN): string {
  return t(n === 1 ? `${key}.one` : `${key}.other`, { n, ...fill }, words);
}

type Stem<K> = K extends `${infer S}.one` ? S : never;
export type CountKey = Stem<MessageKey>;

export function isMessageKey(text: string): text is MessageKey {
  return Object.hasOwn(EN, text);
}

/** What can go wrong so that somebody has to look at it; each kind has its sentence. */
export type AlarmKind = MessageKey extends infer K ? (K extends `alarm.${infer Kind}` ? Kind : never) : never;

export const ALARM_KINDS = Object.keys(EN).flatMap((key) =>
  key.startsWith('alarm.') ? [key.slice('alarm.'.length) as AlarmKind] : [],
);

/** Parts joined as in a sentence: `a`, `a and b`, `a, b and c`. */
export function list(parts: readonly string[], words: Messages = EN): string {
  const last = parts.at(-1) ?? '';
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} ${words.and} ${last}`;
}
