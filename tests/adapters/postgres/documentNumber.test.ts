import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Keyring, newDataKey, secretBox, wrapKey } from '../../../adapters/crypto/envelope.ts';
import { databaseOn } from '../../../adapters/postgres/database.ts';
import { readFieldSets, storeDocumentNumber } from '../../../adapters/postgres/people/personData.ts';
import { STORED_DOCUMENT_NUMBER } from '../../../domain/personData.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { testKeyring } from '../../support/keyring.ts';
import { insertJourney, insertOperation, type JourneyRow } from '../../support/systemRows.ts';

let database: TestDatabase;
let keyring: Keyring;
let person: JourneyRow;

beforeAll(async () => {
  database = await testDatabase();
  keyring = await testKeyring();
});
afterAll(() => database.drop());
beforeEach(async () => {
  person = await insertJourney(database.pool, await insertOperation(database.pool));
  const { kekId, wrapped } = wrapKey(keyring, person.personId, newDataKey());
  await database.pool.query('insert into person_keys (person_id, kek_id, wrapped_key) values ($1, $2, $3)', [
    person.personId,
    kekId,
    wrapped,
  ]);
});

const encrypted = (owner: string) => {
  const { keyId, encrypted: bytes } = secretBox(keyring).encrypt(owner, ['VU9988776']);
  return { keyId, encrypted: bytes.toString('base64') };
};
const store = (owner: string) =>
  storeDocumentNumber(databaseOn(database.pool), keyring, encrypted(owner), {
    journeyId: person.journeyId,
    documentId: 'doc_1',
    eventKey: 'par_1:event_1',
  });
const stored = async () =>
  (
    await readFieldSets(databaseOn(database.pool), keyring, [person.personId], 'document:doc_1', STORED_DOCUMENT_NUMBER)
  ).get(person.personId);

describe('the number of an issued document', () => {
  it('moves under the key of its person, twice as well as once', async () => {
    expect(await store('par_1:event_1')).toBe(true);
    expect(await store('par_1:event_1')).toBe(true);
    expect(await stored()).toEqual({ number: 'VU9988776' });
  });

  it('is delivered to be lost where it was encrypted for another event', async () => {
    expect(await store('par_1:event_2')).toBe(false);
    expect(await stored()).toBeUndefined();
  });

  it('is not stored for an erased person', async () => {
    await database.pool.query('delete from person_keys where person_id = $1', [person.personId]);
    expect(await store('par_1:event_1')).toBe(true);
    expect((await database.pool.query('select from person_data')).rowCount).toBe(
      (await database.pool.query('select from person_data where person_id <> $1', [person.personId])).rowCount,
    );
  });
});
