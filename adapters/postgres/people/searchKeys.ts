import {
  type NameToken,
  nameIn,
  nameTokens,
  type SearchKey as PlainKey,
} from '../../../domain/duplicates/searchKeys.ts';
import { readPhone } from '../../../domain/imports/columns.ts';
import { bareNumber } from '../../../domain/imports/passport.ts';
import type { PersonCore } from '../../../domain/personData.ts';
import { type Keyring, searchKey } from '../../crypto/envelope.ts';

/**
 * The keys to find people. Every key is an HMAC under a key from outside the database, so that the table discloses no
 * name; equal tokens have equal keys.
 * `name`, `document`, `phone` and `person_ref` serve searches. `born`, `whole` and `tel` (with `document`) are stored
 * when the person is compared, and find possible duplicates.
 */
export type SearchKey = {
  kind: 'name' | 'document' | 'phone' | 'person_ref' | 'born' | 'whole' | 'tel';
  key: string;
  /** the exact spelling of a name token; `SEVERAL` if tokens share the key */
  seen?: number;
};

/** Matches every spelling of the phonetic key. */
export const SEVERAL = 0;

/**
 * The search keys of people. A person_ref is unique in an operation only, so its key includes the operation. Families
 * share names, so each key is made once for all people of a call.
 */
export function searchKeyFiler(keyring: Keyring, operationId: string): (core: PersonCore) => SearchKey[] {
  const encrypt = wordEncrypter(keyring);
  return (core) => {
    const keys = nameTokens(`${core.givenNames} ${core.familyName}`).map(encrypt);
    const number = bareNumber(core.documentNumber ?? '');
    if (number !== '') keys.push(made(keyring, 'document', number));
    if (core.phone !== null) keys.push(made(keyring, 'phone', core.phone));
    keys.push(personRefKey(keyring, operationId, core.personRef));
    return keys;
  };
}

/** Encrypts the keys that find possible duplicates, each distinct one once. */
export function pairKeyEncrypter(keyring: Keyring): (plain: readonly PlainKey[]) => SearchKey[] {
  return (plain) =>
    [...new Set(plain)].map((key) => {
      const colon = key.indexOf(':');
      const kind = KIND_OF[key.slice(0, colon)];
      if (kind === undefined) throw new RangeError('There is no such kind of search key');
      return made(keyring, kind, key.slice(colon + 1));
    });
}

/**
 * The keys of a typed text: phonetic keys of a name in any script, a document number or a telephone number, and with an
 * operation its person_ref.
 */
export function searchKeysOfText(keyring: Keyring, text: string, operationId?: string): SearchKey[] {
  const number = bareNumber(text);
  const typed = `+${text.replace(/[^0-9]/g, '')}`;
  // Numbers are stored in E.164, so a typed trunk zero is dropped.
  const phones = new Set([typed, readPhone(text) ?? typed].filter((phone) => phone.length >= SHORTEST_PHONE));
  return [
    ...nameTokens(nameIn(text)).map(wordEncrypter(keyring)),
    ...(number === '' ? [] : [made(keyring, 'document', number)]),
    ...[...phones].map((phone) => made(keyring, 'phone', phone)),
    ...(operationId === undefined ? [] : [personRefKey(keyring, operationId, text.trim())]),
  ];
}

/** `+` and the fewest digits of E.164 */
const SHORTEST_PHONE = 9;

/** The key of a registration by person_ref, which recognises a repeated list. */
export function personRefKey(keyring: Keyring, operationId: string, personRef: string): SearchKey {
  return made(keyring, 'person_ref', `${operationId} ${personRef}`);
}

const KIND_OF: Readonly<Record<string, SearchKey['kind']>> = {
  born: 'born',
  whole: 'whole',
  tel: 'tel',
  doc: 'document',
};

/** Encrypts name tokens, each distinct one once. */
function wordEncrypter(keyring: Keyring): (word: NameToken) => SearchKey {
  const encrypted = new Map<string, SearchKey>();
  return (word) => {
    const as = `${word.sound} ${word.seen ?? ''}`;
    const key = encrypted.get(as) ?? {
      ...made(keyring, 'name', word.sound),
      seen: word.seen === null ? SEVERAL : phoneticForms(keyring, word.seen),
    };
    encrypted.set(as, key);
    return key;
  };
}

/** 32 bits are enough to order people. */
function phoneticForms(keyring: Keyring, word: string): number {
  return Buffer.from(searchKey(keyring, 'seen', word), 'base64url').readInt32BE() || 1;
}

/** 132 of the 256 bits are unique enough, and keep the index small. */
const KEY_LENGTH = 22;

function made(keyring: Keyring, kind: SearchKey['kind'], text: string): SearchKey {
  return { kind, key: searchKey(keyring, kind, text).slice(0, KEY_LENGTH) };
}
