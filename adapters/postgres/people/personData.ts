import { sql } from 'kysely';
import type { PersonalData } from '../../../application/people/personalData.ts';
import type { Disclosure } from '../../../application/people/reads.ts';
import { type PersonCore, STORED_PERSON_CORE, storedDocumentNumber } from '../../../domain/personData.ts';
import { type Instant, iso } from '../../../domain/time.ts';
import type { Versioned } from '../../../domain/versioned.ts';
import { type Keyring, secretBox } from '../../crypto/envelope.ts';
import { encryptFieldSet, openFieldSet, type PersonKey, searchKeysOfText } from '../../crypto/people.ts';
import { anyOf, type Db, recordset } from '../database.ts';
import type { NewDisclosure } from '../generated/kysely/tables.ts';

export const personalDataOn = (db: Db, keyring: Keyring): PersonalData => ({
  cores: (personIds) => readPeople(db, keyring, personIds),
  searchKeys: (text) => searchKeysOfText(keyring, text),
  async shown(entries) {
    if (entries.length === 0) return;
    const rows = entries.map(({ personId, journeyId, at, ...rest }) => ({
      ...rest,
      person_id: personId,
      journey_id: journeyId,
      at: iso(at),
    }));
    const columns = {
      id: 'text',
      personId: 'text',
      journeyId: 'text',
      principal: 'text',
      purpose: 'text',
      fields: 'text[]',
      at: 'timestamptz',
    } as const;
    const names = ['id', 'personId', 'journeyId', 'principal', 'purpose', 'fields', 'at'] as const;
    await db
      .insertInto('accessLog')
      .columns(names)
      .expression((eb) => eb.selectFrom(recordset(rows, columns, 'e')).select(names))
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
  },
});

/**
 * One field set of many people, decrypted and read as `form`. Erased people, and people without the set, are left out. A
 * caller that discloses the data writes the access log first.
 * @throws StoredFormError for a form that this build cannot read
 */
export async function readFieldSets<T>(
  db: Db,
  keyring: Keyring,
  personIds: readonly string[],
  fieldSet: string,
  form: Versioned<T>,
): Promise<Map<string, T>> {
  const rows = await db
    .selectFrom('personData as d')
    .innerJoin('personKeys as k', 'k.personId', 'd.personId')
    .select(['k.personId', 'k.kekId', 'k.wrappedKey', 'd.keyId', 'd.encrypted'])
    .where('d.personId', '=', anyOf(personIds))
    .where('d.fieldSet', '=', fieldSet)
    .execute();
  return new Map(rows.map((row) => [row.personId, openFieldSet(keyring, row, fieldSet, form)]));
}

export const readPeople = (db: Db, keyring: Keyring, personIds: readonly string[]): Promise<Map<string, PersonCore>> =>
  readFieldSets(db, keyring, personIds, 'core', STORED_PERSON_CORE);

/** Undefined for an unknown or erased person. */
export async function readPerson(db: Db, keyring: Keyring, personId: string): Promise<PersonCore | undefined> {
  return (await readPeople(db, keyring, [personId])).get(personId);
}

/** Undefined for an unknown or erased person. */
export const keyOfPerson = (db: Db, personId: string): Promise<PersonKey | undefined> =>
  db
    .selectFrom('personKeys')
    .select(['personId', 'kekId', 'wrappedKey'])
    .where('personId', '=', personId)
    .executeTakeFirst();

/** Encrypts one field set of a person again, under the person's existing key. @throws Error if the person was erased */
export async function writeFieldSet(
  db: Db,
  keyring: Keyring,
  personId: string,
  fieldSet: string,
  fields: { version: number },
): Promise<void> {
  const key = await keyOfPerson(db, personId);
  if (!key) throw new Error(`${personId} has no key: the person was erased`);
  const encrypted = encryptFieldSet(keyring, key, fieldSet, fields);
  await db
    .insertInto('personData')
    .values({ personId, fieldSet, keyId: key.kekId, encrypted })
    .onConflict((conflict) =>
      conflict
        .columns(['personId', 'fieldSet'])
        .doUpdateSet((eb) => ({ keyId: key.kekId, encrypted, updatedAt: eb.fn('now') })),
    )
    .execute();
}

/**
 * Re-encrypts the number of an issued document from the system's key to the person's key. Erasing the person then erases
 * it. Nothing is stored of a person who was erased meanwhile.
 * @returns false if it does not decrypt
 */
export async function storeDocumentNumber(
  db: Db,
  keyring: Keyring,
  { keyId, encrypted }: { keyId: string; encrypted: string },
  to: { journeyId: string; documentId: string; eventKey: string },
): Promise<boolean> {
  const person = await db
    .selectFrom('journeys as j')
    .innerJoin('personKeys as k', 'k.personId', 'j.personId')
    .select('j.personId')
    .where('j.id', '=', to.journeyId)
    .executeTakeFirst();
  if (!person) return true;
  let number: string | undefined;
  try {
    [number] = secretBox(keyring).open(to.eventKey, { keyId, encrypted: Buffer.from(encrypted, 'base64') });
  } catch {
    return false;
  }
  if (number === undefined) return false;
  await writeFieldSet(db, keyring, person.personId, `document:${to.documentId}`, storedDocumentNumber(number));
  return true;
}

/** Data of a person that was sent to a partner. Its id derives from the content, so that a repeat is no second row. */
export type Sent = Omit<NewDisclosure, 'at' | 'recordedAt' | 'fields'> & { fields: readonly string[]; at: Instant };

/** Written before the call, in the transaction that evaluated the preconditions. Idempotent. */
export async function writeSent(db: Db, { fields, at, ...sent }: Sent): Promise<void> {
  await db
    .insertInto('disclosures')
    .values({ ...sent, fields: [...fields], at: iso(at) })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
}

/** The disclosures and accesses to data of a person, newest first. One more than `limit`. */
export async function disclosuresOf(
  db: Db,
  personId: string,
  limit: number,
  after: string | undefined,
): Promise<Disclosure[]> {
  const { rows } = await sql<Disclosure>`
    with d as (
      select id, 'sent' as kind, partner_id, null as principal, purpose, fields, consent_version, agreement_id, at,
             recorded_at
        from disclosures where person_id = ${personId}
      union all
      select id, 'shown', null, principal, purpose, fields, null, null, at, recorded_at
        from access_log where person_id = ${personId})
    select d.id, d.kind, d.partner_id, a.name as partner, d.principal, d.purpose, d.fields, d.consent_version,
           d.agreement_id, (extract(epoch from d.at) * 1000)::float8 as at,
           (extract(epoch from d.recorded_at) * 1000)::float8 as recorded_at
      from d left join partners a on a.id = d.partner_id
     where ${after ?? null}::text is null or (d.recorded_at, d.id) < (select recorded_at, id from d where id = ${after ?? null})
     order by d.recorded_at desc, d.id desc limit ${limit + 1}`.execute(db);
  return rows;
}
