import { createHash } from 'node:crypto';
import { parse, v7 } from 'uuid';
import { formatId, type IdKind } from '../domain/ids.ts';

/** A new id. Its UUIDv7 sorts by the time of its creation. */
export function newId(kind: IdKind): string {
  return formatId(kind, parse(v7()));
}

/**
 * The id that derives from `parts`, always the same, so that a repeated import makes the same people.
 * A UUID of version 8 (RFC 9562): 122 bits of SHA-256.
 */
export function derivedId(kind: IdKind, ...parts: ReadonlyArray<string | number>): string {
  const bytes = createHash('sha256')
    .update([kind, ...parts].join('\u001f'))
    .digest()
    .subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return formatId(kind, bytes);
}
