import { type InboxBody, STORED_INBOX_BODY, storedInboxBody } from '../../../domain/requests/callback.ts';
import { type Instant, iso } from '../../../domain/time.ts';
import { StoredFormError } from '../../../domain/versioned.ts';
import type { Queryable } from '../database.ts';

export type Received = {
  partnerId: string;
  eventId: string;
  requestId?: string;
  body: InboxBody;
};

/** Stores a callback. False if this partner has sent this event before. */
export async function receive(db: Queryable, received: Received): Promise<boolean> {
  const { callback } = received.body;
  const { rowCount } = await db.query(
    `insert into inbox (partner_id, event_id, kind, request_id, body, occurred_at)
     values ($1, $2, $3, $4, $5, $6) on conflict (partner_id, event_id) do nothing`,
    [
      received.partnerId,
      received.eventId,
      callback.type,
      received.requestId ?? null,
      storedInboxBody(received.body),
      iso(callback.occurredAt),
    ],
  );
  return rowCount === 1;
}

export type InboxRow = Received & { receivedAt: Instant };

/** A message that this build cannot read; `why` names the form and the place, never the data. */
export type UnreadableMessage = Omit<InboxRow, 'body'> & { type: string; why: string };

/** The oldest messages to apply, locked for the transaction. */
export async function claimReceived(
  client: Queryable,
  limit: number,
): Promise<{ rows: InboxRow[]; unreadable: UnreadableMessage[] }> {
  const stored = await client.query<{
    partner_id: string;
    event_id: string;
    kind: string;
    request_id: string | null;
    body: unknown;
    received_at: Date;
  }>(
    `select partner_id, event_id, kind, request_id, body, received_at from inbox
      where status = 'received' order by received_at, event_id limit $1 for update skip locked`,
    [limit],
  );
  const rows: InboxRow[] = [];
  const unreadable: UnreadableMessage[] = [];
  for (const row of stored.rows) {
    const message = {
      partnerId: row.partner_id,
      eventId: row.event_id,
      ...(row.request_id === null ? {} : { requestId: row.request_id }),
      receivedAt: row.received_at.getTime(),
    };
    try {
      rows.push({ ...message, body: STORED_INBOX_BODY.read(row.body) });
    } catch (error) {
      if (!(error instanceof StoredFormError)) throw error;
      unreadable.push({ ...message, type: row.kind, why: error.message });
    }
  }
  return { rows, unreadable };
}

/** `unreadable`: stored unchanged until a person handles it. */
export type InboxEnd = 'applied' | 'unknown' | 'stale' | 'refused' | 'unreadable';

/**
 * Writes the disposition of a callback. The encrypted number is removed: the person's row has it now, or nobody needs
 * it. An unreadable callback stays unchanged.
 */
export async function endInbox(
  client: Queryable,
  row: Pick<InboxRow, 'partnerId' | 'eventId'>,
  status: InboxEnd,
  subject: string | undefined,
): Promise<void> {
  await client.query(
    `update inbox set status = $3, subject = $4,
        body = case when $3 = 'unreadable' then body else body - 'encryptedNumber' end
      where partner_id = $1 and event_id = $2`,
    [row.partnerId, row.eventId, status, subject ?? null],
  );
}

/** Open movements of this carrier with this reference. More than one: the reference is ambiguous. */
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
