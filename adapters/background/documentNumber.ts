import { storedDocumentNumber } from '../../domain/personData.ts';
import type { Keyring } from '../crypto/envelope.ts';
import { type Db, queryableIn } from '../postgres/database.ts';
import type { InboxDeps } from '../postgres/inbox.ts';
import type { SecretBox } from '../postgres/partners/partners.ts';
import { writeFieldSet } from '../postgres/people/people.ts';

/**
 * Re-encrypts the number of an issued document from the system's key to the person's key. Erasing the person then erases
 * it. Nothing is stored of a person who was erased meanwhile.
 */
export function storeNumber({
  keyring,
  secrets,
}: {
  keyring: Keyring;
  secrets: Pick<SecretBox, 'open'>;
}): InboxDeps['storeNumber'] {
  return async (db: Db, { keyId, encrypted }, { journeyId, documentId, eventKey }) => {
    const row = await db
      .selectFrom('journeys as j')
      .innerJoin('personKeys as k', 'k.personId', 'j.personId')
      .select('j.personId')
      .where('j.id', '=', journeyId)
      .executeTakeFirst();
    const personId = row?.personId;
    if (personId === undefined) return true;
    let number: string | undefined;
    try {
      [number] = secrets.open(eventKey, { keyId, encrypted: Buffer.from(encrypted, 'base64') });
    } catch {
      return false;
    }
    if (number === undefined) return false;
    await writeFieldSet(queryableIn(db), keyring, personId, `document:${documentId}`, storedDocumentNumber(number));
    return true;
  };
}
