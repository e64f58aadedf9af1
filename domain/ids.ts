/**
 * Ids are a prefix and a UUIDv7 in lower-case Crockford base32 (26 letters): sortable by time, safe in URLs, and with a
 * visible kind. The ids of an import derive from the import and the row (adapters make the bytes).
 */
export const ID_PREFIXES = {
  operation: 'op',
  plan: 'plan',
  person: 'per',
  journey: 'jrn',
  household: 'hh',
  movement: 'mov',
  referral: 'ref',
  partner: 'par',
  endpoint: 'end',
  agreement: 'agr',
  import: 'imp',
  hold: 'hld',
  note: 'note',
  request: 'req',
  disclosure: 'dis',
  document: 'doc',
  seat: 'seat',
  site: 'site',
  suspension: 'sus',
  pair: 'pair',
  event: 'evt',
  service: 'svc',
  alarm: 'alm',
  entry: 'log',
} as const;

export type IdKind = keyof typeof ID_PREFIXES;

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const BODY = '[0-7][0-9a-hjkmnp-tv-z]{25}';

/** The id of `kind` made of 16 bytes. @throws RangeError on another length. */
export function formatId(kind: IdKind, bytes: Uint8Array): string {
  if (bytes.length !== 16) throw new RangeError('An id is made of 16 bytes');
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  let body = '';
  for (let i = 0; i < 26; i++) {
    body = ALPHABET.charAt(Number(value & 31n)) + body;
    value >>= 5n;
  }
  return `${ID_PREFIXES[kind]}_${body}`;
}

/** Pattern of the ids of one kind, anchored, for schemas. */
export function idPattern(kind: IdKind): RegExp {
  return new RegExp(`^${ID_PREFIXES[kind]}_${BODY}$`);
}

export function isId(kind: IdKind, text: string): boolean {
  return idPattern(kind).test(text);
}
