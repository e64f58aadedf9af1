import anyAscii from 'any-ascii';
import { bareNumber } from '../../domain/intake/passport.ts';
import { type Keyring, searchKey } from '../secrets/envelope.ts';
import type { PersonCore } from './people.ts';

/**
 * What people are found by. Every key is an HMAC under a key from outside the database, so that the table tells
 * nobody's name; equal words have equal keys, which is all that a search needs.
 */
export type SearchKey = { kind: 'name' | 'document' | 'phone' | 'person_ref'; key: string };

/**
 * The keys under which people are filed. The team's number is unique in an operation only, so its key says which.
 * Families share names, so a key is made once for all that are filed together.
 */
export function searchKeyFiler(keyring: Keyring, operationId: string): (core: PersonCore) => SearchKey[] {
  const words = new Map<string, SearchKey>();
  const word = (text: string): SearchKey => {
    const key = words.get(text) ?? made(keyring, 'name', text);
    words.set(text, key);
    return key;
  };
  return (core) => {
    const keys = nameWords(`${core.givenNames} ${core.familyName}`).map(word);
    const number = bareNumber(core.documentNumber ?? '');
    if (number !== '') keys.push(made(keyring, 'document', number));
    if (core.phone !== null) keys.push(made(keyring, 'phone', core.phone));
    keys.push(personRefKey(keyring, operationId, core.personRef));
    return keys;
  };
}

/**
 * The keys that a typed text may mean: words of a name in any script, a document's or a telephone number, and where the
 * operation is known the team's number of a registration.
 */
export function searchKeysOfText(keyring: Keyring, text: string, operationId?: string): SearchKey[] {
  const number = bareNumber(text);
  const phone = `+${text.replace(/[^0-9]/g, '')}`;
  return [
    ...nameWords(text).map((word) => made(keyring, 'name', word)),
    ...(number === '' ? [] : [made(keyring, 'document', number)]),
    ...(phone.length < SHORTEST_PHONE ? [] : [made(keyring, 'phone', phone)]),
    ...(operationId === undefined ? [] : [personRefKey(keyring, operationId, text.trim())]),
  ];
}

/** `+` and the fewest digits of E.164 */
const SHORTEST_PHONE = 9;

/** The key of a registration by the team's number: how a list that comes again is recognised. */
export function personRefKey(keyring: Keyring, operationId: string, personRef: string): SearchKey {
  return made(keyring, 'person_ref', `${operationId} ${personRef}`);
}

/** 132 bits of the 256 tell everybody apart, and keep the index small. */
const KEY_LENGTH = 22;

function made(keyring: Keyring, kind: SearchKey['kind'], text: string): SearchKey {
  return { kind, key: searchKey(keyring, kind, text).slice(0, KEY_LENGTH) };
}

/** Words of a name in small Latin letters, each once, whatever script, accents and apostrophes it was written with. */
function nameWords(names: string): string[] {
  const latin = anyAscii(names.normalize('NFKC'))
    .toLowerCase()
    .replace(/['’`.]/g, '');
  return [...new Set(latin.split(/[^a-z0-9]+/).filter((word) => word !== ''))];
}
