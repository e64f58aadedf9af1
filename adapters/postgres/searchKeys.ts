import { nameIn, nameKeys, nameQueryKeys, type SearchKey as PlainKey } from '../../domain/duplicates/searchKeys.ts';
import { bareNumber } from '../../domain/intake/passport.ts';
import { type Keyring, searchKey } from '../secrets/envelope.ts';
import type { PersonCore } from './people.ts';

/**
 * What people are found by. Every key is an HMAC under a key from outside the database, so that the table tells
 * nobody's name; equal words have equal keys, which is all that a search needs. `name`, `document`, `phone` and
 * `person_ref` are filed with the person and searched for; `born`, `whole` and `tel` (with `document`) are filed when the
 * person is compared with all others, and find who may be the same.
 */
export type SearchKey = {
  kind: 'name' | 'document' | 'phone' | 'person_ref' | 'born' | 'whole' | 'tel';
  key: string;
};

/**
 * The keys under which people are filed. The team's number is unique in an operation only, so its key says which.
 * Families share names, so a key is made once for all that are filed together.
 */
export function searchKeyFiler(keyring: Keyring, operationId: string): (core: PersonCore) => SearchKey[] {
  const seal = sealer(keyring);
  return (core) => {
    const keys = nameKeys(core).map(seal);
    const number = bareNumber(core.documentNumber ?? '');
    if (number !== '') keys.push(made(keyring, 'document', number));
    if (core.phone !== null) keys.push(made(keyring, 'phone', core.phone));
    keys.push(personRefKey(keyring, operationId, core.personRef));
    return keys;
  };
}

/** Seals the keys by which somebody is met by whoever may be the same person; each distinct one once. */
export function pairKeySealer(keyring: Keyring): (plain: readonly PlainKey[]) => SearchKey[] {
  const seal = sealer(keyring);
  return (plain) => [...new Set(plain)].map(seal);
}

/**
 * The keys that a typed text may mean: the sounds of a name in any script, a document's or a telephone number, and where
 * the operation is known the team's number of a registration.
 */
export function searchKeysOfText(keyring: Keyring, text: string, operationId?: string): SearchKey[] {
  const number = bareNumber(text);
  const phone = `+${text.replace(/[^0-9]/g, '')}`;
  return [
    ...nameQueryKeys(nameIn(text)).map(sealer(keyring)),
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

const KIND_OF: Readonly<Record<string, SearchKey['kind']>> = {
  name: 'name',
  born: 'born',
  whole: 'whole',
  tel: 'tel',
  doc: 'document',
};

/** Seals keys of the domain, each distinct one once. */
function sealer(keyring: Keyring): (plain: PlainKey) => SearchKey {
  const sealed = new Map<PlainKey, SearchKey>();
  return (plain) => {
    const colon = plain.indexOf(':');
    const kind = KIND_OF[plain.slice(0, colon)];
    if (kind === undefined) throw new RangeError('There is no such kind of search key');
    const key = sealed.get(plain) ?? made(keyring, kind, plain.slice(colon + 1));
    sealed.set(plain, key);
    return key;
  };
}

/** 132 bits of the 256 tell everybody apart, and keep the index small. */
const KEY_LENGTH = 22;

function made(keyring: Keyring, kind: SearchKey['kind'], text: string): SearchKey {
  return { kind, key: searchKey(keyring, kind, text).slice(0, KEY_LENGTH) };
}
