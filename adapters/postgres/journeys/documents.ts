import { type Instant, iso } from '../../../domain/time.ts';
import type { Queryable } from '../database.ts';

/** A document that a partner has issued. Its number is stored with the person, encrypted. Idempotent. */
export async function writeIssuedDocument(
  client: Queryable,
  document: {
    id: string;
    journeyId: string;
    kind: string;
    issuedBy: string;
    validUntil: Instant;
    requestId: string;
    at: Instant;
  },
): Promise<void> {
  await client.query(
    `insert into documents (id, journey_id, kind, issued_by, valid_until, status, request_id, at)
     values ($1, $2, $3, $4, $5, 'issued', $6, $7) on conflict (id) do nothing`,
    [
      document.id,
      document.journeyId,
      document.kind,
      document.issuedBy,
      iso(document.validUntil),
      document.requestId,
      iso(document.at),
    ],
  );
}
