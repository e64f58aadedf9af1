import type { AccessPurpose } from '../../../domain/access.ts';
import type { RequestKind } from '../../../domain/partners/protocol.ts';
import type { Instant } from '../../../domain/time.ts';
import { iso } from '../../../domain/time.ts';
import type { Queryable } from '../database.ts';

/** Data of a person that was sent to a partner. */
export type Sent = {
  /** derived from the content, so that a repeat is no second row */
  id: string;
  personId: string;
  journeyId: string;
  partnerId: string;
  requestId: string;
  purpose: RequestKind;
  fields: readonly string[];
  consentVersion: number;
  agreementId: string;
  at: Instant;
};

/** Written before the call, in the transaction that evaluated the preconditions. Idempotent. */
export async function writeSent(client: Queryable, sent: Sent): Promise<void> {
  await client.query(
    `insert into disclosures (id, person_id, journey_id, partner_id, request_id, purpose, fields, consent_version, agreement_id, at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (id) do nothing`,
    [
      sent.id,
      sent.personId,
      sent.journeyId,
      sent.partnerId,
      sent.requestId,
      sent.purpose,
      sent.fields,
      sent.consentVersion,
      sent.agreementId,
      iso(sent.at),
    ],
  );
}

/** Data of a person that was disclosed to a member of staff. */
export type Shown = {
  id: string;
  personId: string;
  journeyId: string | null;
  principal: string;
  purpose: AccessPurpose;
  fields: readonly string[];
  at: Instant;
};

export async function writeShown(client: Queryable, shown: readonly Shown[]): Promise<void> {
  if (shown.length === 0) return;
  await client.query(
    `insert into access_log (id, person_id, journey_id, principal, purpose, fields, at)
     select s ->> 'id', s ->> 'personId', s ->> 'journeyId', s ->> 'principal', s ->> 'purpose',
            array(select jsonb_array_elements_text(s -> 'fields')), (s ->> 'at')::timestamptz
       from jsonb_array_elements($1::jsonb) s
     on conflict (id) do nothing`,
    [JSON.stringify(shown.map((entry) => ({ ...entry, at: iso(entry.at) })))],
  );
}
