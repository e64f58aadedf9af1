import type { Callback } from '../../../domain/partners/protocol.ts';
import { type Instant, iso } from '../../../domain/time.ts';
import type { Queryable } from '../database.ts';

/** What stands in the inbox: parsed, without anything that names a person (a document's number is encrypted). */
export type InboxBody = {
  callback: Callback;
  movementReference?: string;
  /** number of an issued document, encrypted under the system's key, until it is moved to the person's own */
  encryptedNumber?: { keyId: string; encrypted: string };
};

export type Received = {
  partnerId: string;
  eventId: string;
  requestId?: string;
  body: InboxBody;
};

/** Takes a callback in. False where this partner has sent this event before: twice is once. */
export async function receive(db: Queryable, received: Received): Promise<boolean> {
  const { callback } = received.body;
  const { rowCount } = await db.query(
    `with taken as (
       insert into inbox (partner_id, event_id, kind, request_id, body, occurred_at)
       values ($1, $2, $3, $4, $5, $6) on conflict (partner_id, event_id) do nothing returning event_id
     )
     select pg_notify('inbox', '') from taken`,
    [
      received.partnerId,
      received.eventId,
      callback.type,
      received.requestId ?? null,
      received.body,
      iso(callback.occurredAt),
    ],
  );
  return rowCount === 1;
}

export type InboxRow = Received & { receivedAt: Instant };

/** The oldest callbacks that are still to be applied, locked for the transaction. */
export async function claimReceived(client: Queryable, limit: number): Promise<InboxRow[]> {
  const { rows } = await client.query<{
    partner_id: string;
    event_id: string;
    request_id: string | null;
    body: InboxBody;
    received_at: Date;
  }>(
    `select partner_id, event_id, request_id, body, received_at from inbox
      where status = 'received' order by received_at, event_id limit $1 for update skip locked`,
    [limit],
  );
  return rows.map((row) => ({
    partnerId: row.partner_id,
    eventId: row.event_id,
    ...(row.request_id === null ? {} : { requestId: row.request_id }),
    body: row.body,
    receivedAt: row.received_at.getTime(),
  }));
}

export type InboxEnd = 'applied' | 'unknown' | 'stale' | 'refused';

/** Writes what became of a callback. The encrypted number goes: it stands with the person now, or is nobody's. */
export async function endInbox(
  client: Queryable,
  row: Pick<InboxRow, 'partnerId' | 'eventId'>,
  status: InboxEnd,
  subject: string | undefined,
): Promise<void> {
  await client.query(
    `update inbox set status = $3, subject = $4, applied_at = now(), body = body - 'encryptedNumber'
      where partner_id = $1 and event_id = $2`,
    [row.partnerId, row.eventId, status, subject ?? null],
  );
}

/** Movements of this carrier with this reference that are not over. More than one: the reference says too little. */
export async function movementsOfCarrier(
  client: Queryable,
  carrierId: string,
  reference: string,
): Promise<Array<{ id: string; operationId: string }>> {
  const { rows } = await client.query<{ id: string; operation_id: string }>(
    `select id, operation_id from movements
      where carrier_id = $1 and reference = $2 and status not in ('closed', 'cancelled', 'ABORTED')`,
    [carrierId, reference],
  );
  return rows.map((row) => ({ id: row.id, operationId: row.operation_id }));
}
