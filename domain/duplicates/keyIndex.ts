import type { SearchKey } from './searchKeys.ts';

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
