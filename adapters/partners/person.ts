import type { PersonFields } from '../../domain/partners/fields.ts';
import { partnerFieldsOf } from '../../domain/personData.ts';
import type { Keyring } from '../crypto/envelope.ts';
import { databaseIn, type Queryable } from '../postgres/database.ts';
import { readPerson } from '../postgres/people/personData.ts';

/** The person of a request, with their consent. */
export type LockedPerson = { personId: string; nationality: string; sex: string; consentVersion: number };

/**
 * Locks the journey. A hold or a withdrawal then waits until the request is in the ledger, or came first and is seen.
 * @throws Error for an unknown journey
 */
export async function lockPerson(client: Queryable, journeyId: string): Promise<LockedPerson> {
  const { rows } = await client.query<{ person_id: string; nationality: string; sex: string; consent_version: number }>(
    `select j.person_id, p.nationality, p.sex, j.consent_version
       from journeys j join persons p on p.id = j.person_id where j.id = $1 for update of j`,
    [journeyId],
  );
  const row = rows[0];
  if (!row) throw new Error(`There is no journey ${journeyId}`);
  return { personId: row.person_id, nationality: row.nationality, sex: row.sex, consentVersion: row.consent_version };
}

/** All data of a person that a partner could receive; the caller selects what the request needs. Empty after erasure. */
export async function readPersonFields(
  client: Queryable,
  keyring: Keyring,
  person: LockedPerson,
): Promise<PersonFields> {
  const core = await readPerson(databaseIn(client), keyring, person.personId);
  return core ? { ...partnerFieldsOf(core), sex: person.sex, nationality: person.nationality } : {};
}
