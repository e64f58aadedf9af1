import { SEVERAL, type SearchKey } from '../../application/people/personalData.ts';
import { type NameToken, nameIn, nameTokens, type SearchKey as PlainKey } from '../../domain/duplicates/searchKeys.ts';
import { readPhone } from '../../domain/imports/columns.ts';
import { bareNumber } from '../../domain/imports/passport.ts';
import { type PersonCore, storedPersonCore } from '../../domain/personData.ts';
import type { Versioned } from '../../domain/versioned.ts';
import {
  encryptFields,
  type Keyring,
  newDataKey,
  openFields,
  searchKey,
  unwrapKey,
  type WrappedKey,
  wrapKey,
} from './envelope.ts';

// ---------------------------------------------------------------- a person's data

/** A new person's data, encrypted under their own key, with that key wrapped. */
export function encryptPerson(
  keyring: Keyring,
  personId: string,
  core: PersonCore,
): WrappedKey & { encrypted: Buffer } {
  const key = newDataKey();
  const wrapped = wrapKey(keyring, personId, key);
  const context = { subject: personId, fieldSet: 'core', keyId: wrapped.kekId };
  return { ...wrapped, encrypted: encryptFields(key, context, storedPersonCore(core)) };
}

/** The wrapped key of a person, as it is stored. */
export type PersonKey = { personId: string; kekId: string; wrappedKey: Buffer };

const dataKey = (keyring: Keyring, { personId, kekId, wrappedKey }: PersonKey) =>
  unwrapKey(keyring, personId, { kekId, wrapped: wrappedKey });

/** A field set for a person who has a key. */
export const encryptFieldSet = (keyring: Keyring, key: PersonKey, fieldSet: string, fields: { version: number }) =>
  encryptFields(dataKey(keyring, key), { subject: key.personId, fieldSet, keyId: key.kekId }, fields);

/** @throws CannotOpen, or StoredFormError for a form that this build cannot read */
export function openFieldSet<T>(
  keyring: Keyring,
  row: PersonKey & { keyId: string; encrypted: Buffer },
  fieldSet: string,
  form: Versioned<T>,
): T {
  const context = { subject: row.personId, fieldSet, keyId: row.keyId };
  return form.read(openFields(dataKey(keyring, row), context, row.encrypted));
}

// ---------------------------------------------------------------- search keys

/**
 * The search keys of people, by `SearchKey`. A person_ref is unique in an operation only, so its key includes the operation. Families
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
