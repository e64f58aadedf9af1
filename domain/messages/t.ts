import { en } from './en.ts';

/** The key of a sentence. The table of another language has the same keys. */
export type MessageKey = keyof typeof en;
export type Messages = Readonly<Record<MessageKey, string>>;
export type Fill = Readonly<Record<string, string | number>>;

/** The sentence with `{name}` replaced from `fill`. A placeholder without a value becomes empty, never `undefined`. */
export function t(key: MessageKey, fill: Fill = {}, messages: Messages = en): string {
  return messages[key].replace(/\{(\w+)\}/g, (_, name: string) => String(fill[name] ?? ''));
}

/** `key.one` for 1, else `key.other`, filled with `n` as well. */
export function tCount(key: CountKey, n: number, fill: Fill = {}, messages: Messages = en): string {
  return t(n === 1 ? `${key}.one` : `${key}.other`, { n, ...fill }, messages);
}

type Stem<K> = K extends `${infer S}.one` ? S : never;
export type CountKey = Stem<MessageKey>;

export function isMessageKey(text: string): text is MessageKey {
  return Object.hasOwn(en, text);
}

/** Kinds of alarm. Each kind has a sentence. */
export type AlarmKind = MessageKey extends infer K ? (K extends `alarm.${infer Kind}` ? Kind : never) : never;

export const ALARM_KINDS = Object.keys(en).flatMap((key) =>
  key.startsWith('alarm.') ? [key.slice('alarm.'.length) as AlarmKind] : [],
);

/** Parts joined as in a sentence: `a`, `a and b`, `a, b and c`. */
export function list(parts: readonly string[], messages: Messages = en): string {
  const last = parts.at(-1) ?? '';
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} ${messages.and} ${last}`;
}
