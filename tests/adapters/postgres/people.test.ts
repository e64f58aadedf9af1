import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encryptPerson, personRefKey, searchKeyFiler, searchKeysOfText } from '../../../adapters/crypto/people.ts';
import { type Db, databaseOn } from '../../../adapters/postgres/database.ts';
import { readFieldSets, readPeople, readPerson, writeFieldSet } from '../../../adapters/postgres/people/personData.ts';
import { newId } from '../../../application/ids.ts';
import {
  type PersonCore,
  STORED_DOCUMENT_NUMBER,
  storedDocumentNumber,
  storedPersonCore,
} from '../../../domain/personData.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { testKeyring } from '../../support/keyring.ts';

const keyring = await testKeyring();
let database: TestDatabase;
let db: Db;

beforeAll(async () => {
  database = await testDatabase();
  db = databaseOn(database.pool);
});
afterAll(async () => {
  await database?.drop();
});

const CORE: PersonCore = {
  personRef: 'WAL-18245',
  givenNames: 'Zoë Ama',
  familyName: "O'Brien",
  birthDate: '1988-07',
  phone: '+249912345678',
  preferredLanguage: 'ar',
  documentType: 'NATIONAL_ID',
  documentNumber: 'ab 12-34',
  mrz: null,
  destination: 'Penama',
};

async function filed(core: Partial<PersonCore> = {}, operationId = 'op_test'): Promise<string> {
  const personId = newId('person');
  const whole = { ...CORE, ...core };
  const { kekId, wrapped, encrypted } = encryptPerson(keyring, personId, whole);
  const { pool } = database;
  await pool.query(`insert into persons (id, nationality, sex, traveller) values ($1, 'VUT', 'F', 'adult')`, [
    personId,
  ]);
  await pool.query('insert into person_keys (person_id, kek_id, wrapped_key) values ($1, $2, $3)', [
    personId,
    kekId,
    wrapped,
  ]);
  await pool.query(`insert into person_data (person_id, field_set, key_id, encrypted) values ($1, 'core', $2, $3)`, [
    personId,
    kekId,
    encrypted,
  ]);
  for (const { kind, key, seen } of searchKeyFiler(keyring, operationId)(whole)) {
    await pool.query('insert into person_search (person_id, kind, key, seen) values ($1, $2, $3, $4)', [
      personId,
      kind,
      key,
      seen,
    ]);
  }
  return personId;
}

async function found(text: string): Promise<string[]> {
  const keys = searchKeysOfText(keyring, text);
  const { rows } = await database.pool.query<{ person_id: string }>(
    `select distinct s.person_id from person_search s
       join unnest($1::text[], $2::text[]) as k (kind, key) on k.kind = s.kind and k.key = s.key`,
    [keys.map(({ kind }) => kind), keys.map(({ key }) => key)],
  );
  return rows.map(({ person_id }) => person_id);
}

describe('a person’s data', () => {
  it('comes back as it was given, for one and for many', async () => {
    const [one, other] = [await filed(), await filed({ givenNames: 'محمد', birthDate: null })];
    expect(await readPerson(db, keyring, one)).toEqual(CORE);
    const people = await readPeople(db, keyring, [one, other, newId('person')]);
    expect([...people.keys()].sort()).toEqual([one, other].sort());
    expect(people.get(other)?.givenNames).toBe('محمد');
  });

  it('has further field sets under the same key, each written anew', async () => {
    const id = await filed();
    for (const number of ['X1', 'X2']) await writeFieldSet(db, keyring, id, 'document', storedDocumentNumber(number));
    const read = await readFieldSets(db, keyring, [id], 'document', STORED_DOCUMENT_NUMBER);
    expect(read.get(id)).toEqual({ number: 'X2' });
    expect(await readPerson(db, keyring, id)).toEqual(CORE);
  });

  it('cannot be put under another person or another field set', async () => {
    const [one, other] = [await filed(), await filed()];
    await database.pool.query(
      `update person_data d set encrypted = o.encrypted from person_data o where d.person_id = $1 and o.person_id = $2`,
      [one, other],
    );
    await expect(readPerson(db, keyring, one)).rejects.toThrow('does not open');
    await database.pool.query(`update person_data set field_set = 'document' where person_id = $1`, [other]);
    await expect(readFieldSets(db, keyring, [other], 'document', STORED_DOCUMENT_NUMBER)).rejects.toThrow(
      'does not open',
    );
  });

  it('of a form that this build does not read is refused by form and version, without a word of the data', async () => {
    const id = await filed();
    const refusal = () => readPerson(db, keyring, id).then(String, String);
    await writeFieldSet(db, keyring, id, 'core', { ...storedPersonCore(CORE), version: 99 });
    expect(await refusal()).toBe('Error: Person data (core) has version 99; this build reads up to 1');
    const broken = { ...storedPersonCore(CORE), familyName: [CORE.familyName], phone: 7 };
    await writeFieldSet(db, keyring, id, 'core', broken);
    expect(await refusal()).toBe(
      'Error: Person data (core) of version 1 is not readable: familyName: invalid_type; phone: invalid_type',
    );
  });

  it('is gone with its key', async () => {
    const id = await filed();
    await database.pool.query('delete from person_keys where person_id = $1', [id]);
    expect(await readPerson(db, keyring, id)).toBeUndefined();
    await expect(writeFieldSet(db, keyring, id, 'document', storedDocumentNumber('X1'))).rejects.toThrow('erased');
  });
});

describe('people are found', () => {
  it('by a word of a name in any spelling of its accents, by document and by telephone', async () => {
    const id = await filed({
      givenNames: 'Zoë Quirina',
      familyName: "N'Diaye",
      documentNumber: 'qz 99-11',
      phone: '+678555123',
    });
    for (const text of ['zoe', 'QUIRINA', 'NDiaye', 'n’diaye', 'QZ9911', '+678 555-123'])
      expect({ text, found: await found(text) }).toEqual({ text, found: expect.arrayContaining([id]) });
    expect(await found('Quirin')).toContain(id);
    expect(await found('Marta')).not.toContain(id);
  });

  it('by a name in another script as it sounds in Latin letters', async () => {
    const id = await filed({ givenNames: 'Иван', familyName: '' });
    expect(await found('Ivan')).toContain(id);
  });

  it('by the team’s number only in the operation where the team gave it', async () => {
    expect(personRefKey(keyring, 'op_a', 'X1')).toEqual(personRefKey(keyring, 'op_a', 'X1'));
    expect(searchKeysOfText(keyring, ' X1 ', 'op_a')).toContainEqual(personRefKey(keyring, 'op_a', 'X1'));
    expect(personRefKey(keyring, 'op_a', 'X1').key).not.toBe(personRefKey(keyring, 'op_b', 'X1').key);
  });
});
