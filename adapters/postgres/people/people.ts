import type { Sex } from '../../../domain/imports/columns.ts';
import { type PersonCore, STORED_PERSON_CORE, storedPersonCore } from '../../../domain/personData.ts';
import type { Traveller } from '../../../domain/registration.ts';
import type { Versioned } from '../../../domain/versioned.ts';
import { encryptFields, type Keyring, newDataKey, openFields, unwrapKey, wrapKey } from '../../crypto/envelope.ts';
import type { Queryable } from '../database.ts';

export type NewPerson = { personId: string; nationality: string; sex: Sex; traveller: Traveller; core: PersonCore };

/** A new person's data, encrypted under their own key, with that key wrapped. */
export type EncryptedPerson = { personId: string; kekId: string; wrapped: Buffer; core: Buffer };

export function encryptPeople(keyring: Keyring, people: readonly NewPerson[]): EncryptedPerson[] {
  return people.map(({ personId, core }) => {
    const key = newDataKey();
    const { kekId, wrapped } = wrapKey(keyring, personId, key);
    return {
      personId,
      kekId,
      wrapped,
      core: encryptFields(key, { subject: personId, fieldSet: 'core', keyId: kekId }, storedPersonCore(core)),
    };
  });
}

/** Encrypts one field set of a person again, under the person's existing key. @throws Error if the person was erased */
export async function writeFieldSet(
  client: Queryable,
  keyring: Keyring,
  personId: string,
  fieldSet: string,
  fields: { version: number },
): Promise<void> {
  const { rows } = await client.query<KeyRow>(
    'select person_id, kek_id, wrapped_key from person_keys where person_id = $1',
    [personId],
  );
  const row = rows[0];
  if (!row) throw new Error(`${personId} has no key: the person was erased`);
  const key = unwrapKey(keyring, personId, { kekId: row.kek_id, wrapped: row.wrapped_key });
  await client.query(
    `insert into person_data (person_id, field_set, key_id, encrypted) values ($1, $2, $3, $4)
     on conflict (person_id, field_set) do update set key_id = excluded.key_id, encrypted = excluded.encrypted, updated_at = now()`,
    [personId, fieldSet, row.kek_id, encryptFields(key, { subject: personId, fieldSet, keyId: row.kek_id }, fields)],
  );
}

/**
 * One field set of many people, decrypted and read as `form`. Erased people, and people without the set, are left out. A
 * caller that discloses the data writes the disclosure ledger first.
 * @throws StoredFormError for a form that this build cannot read
 */
export async function readFieldSets<T>(
  db: Queryable,
  keyring: Keyring,
  personIds: readonly string[],
  fieldSet: string,
  form: Versioned<T>,
): Promise<Map<string, T>> {
  const { rows } = await db.query<KeyRow & { key_id: string; encrypted: Buffer }>(
    `select k.person_id, k.kek_id, k.wrapped_key, d.key_id, d.encrypted
       from person_data d join person_keys k on k.person_id = d.person_id
      where d.person_id = any($1) and d.field_set = $2`,
    [personIds, fieldSet],
  );
  return new Map(
    rows.map((row) => {
      const key = unwrapKey(keyring, row.person_id, { kekId: row.kek_id, wrapped: row.wrapped_key });
      const place = { subject: row.person_id, fieldSet, keyId: row.key_id };
      return [row.person_id, form.read(openFields(key, place, row.encrypted))];
    }),
  );
}

export function readPeople(
  db: Queryable,
  keyring: Keyring,
  personIds: readonly string[],
): Promise<Map<string, PersonCore>> {
  return readFieldSets(db, keyring, personIds, 'core', STORED_PERSON_CORE);
}

/** Undefined for an unknown or erased person. */
export async function readPerson(db: Queryable, keyring: Keyring, personId: string): Promise<PersonCore | undefined> {
  return (await readPeople(db, keyring, [personId])).get(personId);
}

type KeyRow = { person_id: string; kek_id: string; wrapped_key: Buffer };
