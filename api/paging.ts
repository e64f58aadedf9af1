import { z } from 'zod';
import { Problem } from './problems.ts';

/** Query of every list. */
export const Paging = {
  limit: z.coerce.number().int().min(1).max(200).default(50).meta({ description: 'at most so many, 1 to 200' }),
  cursor: z.string().max(500).optional().meta({ description: 'next_cursor of the page before' }),
};

export type Page<T> = { data: T[]; next_cursor: string | null; has_more: boolean };

export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ data: z.array(item), next_cursor: z.string().nullable(), has_more: z.boolean() });
}

/**
 * Makes a page of one row more than was asked for.
 * @param keyOf what the next page begins after: the sort key of the last row
 */
export function page<T>(rows: readonly T[], limit: number, keyOf: (row: T) => ReadonlyArray<string | number>): Page<T> {
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  const has_more = rows.length > limit;
  return { data, has_more, next_cursor: has_more && last !== undefined ? encode(keyOf(last)) : null };
}

/** The sort key that a cursor holds, or undefined on the first page. @throws Problem for a cursor that we did not make */
export function after<const K extends ReadonlyArray<'string' | 'number'>>(
  cursor: string | undefined,
  shape: K,
): SortKey<K> | undefined {
  if (cursor === undefined) return undefined;
  const key = decode(cursor);
  const fits = Array.isArray(key) && key.length === shape.length && key.every((part, at) => typeof part === shape[at]);
  if (!fits) {
    throw new Problem('invalid_request', {
      errors: [{ parameter: 'cursor', code: 'invalid', detail: 'This is no cursor of this list.' }],
    });
  }
  return key as unknown as SortKey<K>;
}

type SortKey<K extends ReadonlyArray<'string' | 'number'>> = {
  [I in keyof K]: K[I] extends 'string' ? string : number;
};

function encode(key: ReadonlyArray<string | number>): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

function decode(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
