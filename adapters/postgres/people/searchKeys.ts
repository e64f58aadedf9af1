import {
  type NameToken,
  nameIn,
  nameTokens,
  type SearchKey as PlainKey,
} from '../../../domain/duplicates/searchKeys.ts';
import { bareNumber } from '../../../domain/imports/passport.ts';
import { readPhone } from '../../../domain/imports/phone.ts';
import type { PersonCore } from '../../../domain/personData.ts';
import { type Keyring, searchKey } from '../../crypto/envelope.ts';

/**
 * What people are found by. Every key is an HMAC under a key from outside the database, so that the table tells
 * nobody's name; equal words have equal keys, which is all that a search needs. `name`, `document`, `phone` and
 * `person_ref` are filed with the person and searched for; `born`, `whole` and `tel` (with `document`) are filed when the
 * person is compared with all others, and find who may be the same.
 */
export type SearchKey = {
  kind: 'name' | 'document' | 'phone' | 'person_ref' | 'born' | 'whole' | 'tel';
  key: string;
  /** of a name's word, how exactly it is seen; `SEVERAL` where words share the sound */
  seen?: number;
};

/** Stands for every word of the sound. */
export const SEVERAL = 0;

/**
 * The keys under which people are filed. The team's number is unique in an operation only, so its key says which.
 * Families share names, so a key is made once for all that are filed together.
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

/** Encrypts the keys by which somebody is met by whoever may be the same person; each distinct one once. */
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
 * The keys that a typed text may mean: the sounds of a name in any script, a document's or a telephone number, and where
 * the operation is known the team's number of a registration.
 */
export function searchKeysOfText(keyring: Keyring, text: string, operationId?: string): SearchKey[] {
  const number = bareNumber(text);
  const typed = `+${text.replace(/[^0-9]/g, '')}`;
  // A number is filed in E.164: a trunk zero that is typed is no part of it.
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

/** The key of a registration by the team's number: how a list that comes again is recognised. */
export function personRefKey(keyring: Keyring, operationId: string, personRef: string): SearchKey {
  return made(keyring, 'person_ref', `${operationId} ${personRef}`);
}

const KIND_OF: Readonly<Record<string, SearchKey['kind']>> = {
  born: 'born',
  whole: 'whole',
  tel: 'tel',
  doc: 'document',
};

/** Encrypts words of names, each distinct one once. */
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

/** 32 bits are enough to put people in order. */
function phoneticForms(keyring: Keyring, word: string): number {
  return Buffer.from(searchKey(keyring, 'seen', word), 'base64url').readInt32BE() || 1;
}

/** 132 bits of the 256 tell everybody apart, and keep the index small. */
const KEY_LENGTH = 22;

function made(keyring: Keyring, kind: SearchKey['kind'], text: string): SearchKey {
  return { kind, key: searchKey(keyring, kind, text).slice(0, KEY_LENGTH) };
}
