import { z } from 'zod';
import { type Outcome, type PartnerRequest, STORED_OUTCOME, storedOutcome } from '../../../domain/partners/classify.ts';
import type { RequestKind } from '../../../domain/partners/protocol.ts';
import { type Instant, iso } from '../../../domain/time.ts';
import type { Queryable } from '../database.ts';

export type RequestStatus = PartnerRequest['status'];

/** A request to a partner. `subject` is a journey or a movement. */
export type RequestRow = {
  id: string;
  kind: RequestKind;
  subject: string;
  operationId: string;
  partnerId: string;
  round: number;
  status: RequestStatus;
  attempts: number;
  requestedAt: Instant;
  outcome?: Outcome;
  /** the immediate answer, as codes (registry, booking) */
  reply?: Record<string, unknown>;
};

type Raw = {
  id: string;
  kind: RequestKind;
  subject: string;
  operation_id: string;
  partner_id: string;
  round: number;
  status: RequestStatus;
  attempts: number;
  requested_at: Date;
  outcome: unknown;
};

const Stored = z
  .object({ disposition: z.unknown().optional(), reply: z.record(z.string(), z.unknown()).optional() })
  .nullable();

const COLUMNS = 'id, kind, subject, operation_id, partner_id, round, status, attempts, requested_at, outcome';

function fromRaw(raw: Raw): RequestRow {
  const outcome = Stored.parse(raw.outcome);
  return {
    id: raw.id,
    kind: raw.kind,
    subject: raw.subject,
    operationId: raw.operation_id,
    partnerId: raw.partner_id,
    round: raw.round,
    status: raw.status,
    attempts: raw.attempts,
    requestedAt: raw.requested_at.getTime(),
    ...(outcome?.disposition ? { outcome: STORED_OUTCOME.read(outcome.disposition) } : {}),
    ...(outcome?.reply ? { reply: outcome.reply } : {}),
  };
}

/** The request of this round, to any partner. Locked for the transaction. */
export async function lockRound(
  client: Queryable,
  subject: string,
  kind: RequestKind,
  round: number,
): Promise<RequestRow | undefined> {
  const { rows } = await client.query<Raw>(
    `select ${COLUMNS} from requests where subject = $1 and kind = $2 and round = $3 order by created_at desc limit 1 for update`,
    [subject, kind, round],
  );
  return rows[0] && fromRaw(rows[0]);
}

export async function readRequest(db: Queryable, id: string): Promise<RequestRow | undefined> {
  const { rows } = await db.query<Raw>(`select ${COLUMNS} from requests where id = $1`, [id]);
  return rows[0] && fromRaw(rows[0]);
}

/** Locks the requests of these ids, in the order of ids. */
export async function lockRequests(client: Queryable, ids: readonly string[]): Promise<Map<string, RequestRow>> {
  const { rows } = await client.query<Raw>(
    `select ${COLUMNS} from requests where id = any($1) order by id for update`,
    [ids],
  );
  return new Map(rows.map((raw) => [raw.id, fromRaw(raw)]));
}

/** Records a request before it is sent. The id derives from subject, kind, partner and round, so a repeat is one row. */
export async function intendRequest(
  client: Queryable,
  request: Pick<RequestRow, 'id' | 'kind' | 'subject' | 'operationId' | 'partnerId' | 'round' | 'requestedAt'>,
): Promise<void> {
  await client.query(
    `insert into requests (id, kind, subject, operation_id, partner_id, round, requested_at, attempts)
     values ($1, $2, $3, $4, $5, $6, $7, 1)
     on conflict (id) do update set attempts = requests.attempts + 1`,
    [
      request.id,
      request.kind,
      request.subject,
      request.operationId,
      request.partnerId,
      request.round,
      iso(request.requestedAt),
    ],
  );
}

/** One more attempt of a recorded request. */
export async function countAttempt(client: Queryable, id: string): Promise<void> {
  await client.query('update requests set attempts = attempts + 1 where id = $1', [id]);
}

/**
 * The partner has the request. A callback may have arrived first, so a later status stays.
 * @param reply the immediate answer, as codes
 */
export async function markAccepted(
  db: Queryable,
  id: string,
  taken: { reference: string; acknowledged: boolean; reply?: Record<string, unknown> },
): Promise<void> {
  await db.query(
    `update requests set
       status = case when status not in ('intended', 'sent', 'failed') then status
                     when $4::jsonb is not null then 'answered' when $3 then 'acknowledged' else 'sent' end,
       partner_ref = coalesce(partner_ref, $2), sent_at = coalesce(sent_at, now()), last_failure = null,
       acknowledged_at = case when $3 then coalesce(acknowledged_at, now()) else acknowledged_at end,
       answered_at = case when $4::jsonb is not null then coalesce(answered_at, now()) else answered_at end,
       outcome = case when $4::jsonb is not null then coalesce(outcome, '{}') || jsonb_build_object('reply', $4::jsonb) else outcome end
     where id = $1`,
    [id, taken.reference, taken.acknowledged, taken.reply ? JSON.stringify(taken.reply) : null],
  );
}

/** The last attempt failed; `final` if there is no further one. */
export async function markFailed(db: Queryable, id: string, code: string, final?: 'refused' | 'failed'): Promise<void> {
  await db.query(
    `update requests set last_failure = $2,
       status = case when $3::text is not null and status in ('intended', 'sent', 'failed') then $3 else status end
     where id = $1`,
    [id, code, final ?? null],
  );
}

export async function markRecalled(db: Queryable, id: string): Promise<void> {
  await db.query(`update requests set status = 'recalled' where id = $1`, [id]);
}

/** The result of a callback for the request; it also proves that the partner had it. */
export async function markSeen(
  client: Queryable,
  id: string,
  status: 'acknowledged' | 'answered',
  disposition: Outcome,
): Promise<void> {
  await client.query(
    `update requests set status = $2, sent_at = coalesce(sent_at, now()), acknowledged_at = coalesce(acknowledged_at, now()),
       answered_at = case when $2 = 'answered' then coalesce(answered_at, now()) else answered_at end,
       outcome = coalesce(outcome, '{}') || jsonb_build_object('disposition', $3::jsonb)
     where id = $1`,
    [id, status, storedOutcome(disposition)],
  );
}
