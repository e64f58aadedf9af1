import type { SecretBox } from '../../application/partners/secrets.ts';
import { storedDocumentNumber } from '../../domain/personData.ts';
import type { Keyring } from '../crypto/envelope.ts';
import type { Queryable } from '../postgres/database.ts';
import { writeFieldSet } from '../postgres/people/people.ts';
import type { InboxProcessorDeps } from './inboxProcessor.ts';

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
}): InboxProcessorDeps['storeNumber'] {
  return async (client: Queryable, { keyId, encrypted }, { journeyId, documentId, eventKey }) => {
    const { rows } = await client.query<{ person_id: string }>(
      'select j.person_id from journeys j join person_keys k on k.person_id = j.person_id where j.id = $1',
      [journeyId],
    );
    const personId = rows[0]?.person_id;
    if (personId === undefined) return true;
    let number: string | undefined;
    try {
      [number] = secrets.open(eventKey, { keyId, encrypted: Buffer.from(encrypted, 'base64') });
    } catch {
      return false;
    }
    if (number === undefined) return false;
    await writeFieldSet(client, keyring, personId, `document:${documentId}`, storedDocumentNumber(number));
    return true;
  };
}
