import { STORED_FIELDS } from '../../../domain/storedValue.ts';
import type { Queryable } from '../database.ts';

/** The lease of a claimed delivery: longer than one attempt, so that no other process sends it meanwhile. */
const LEASE_SECONDS = 60;

/** What the feed needs of its endpoint. */
export type FeedEndpoint = {
  id: string;
  partnerId: string;
  url: string;
  status: 'active' | 'disabled' | 'removed';
  partnerActive: boolean;
  secrets: Buffer;
  keyId: string;
  /** real time of the first failure since the last success */
  failingSince: Date | null;
};

export async function readFeedEndpoint(db: Queryable, endpointId: string): Promise<FeedEndpoint | undefined> {
  const { rows } = await db.query<{
    id: string;
    partner_id: string;
    url: string;
    status: FeedEndpoint['status'];
    partner_status: string;
    secrets: Buffer;
    key_id: string;
    failing_since: Date | null;
  }>(
    `select e.id, e.partner_id, e.url, e.status, p.status as partner_status, e.secrets, e.key_id, e.failing_since
       from endpoints e join partners p on p.id = e.partner_id where e.id = $1`,
    [endpointId],
  );
  const row = rows[0];
  return (
    row && {
      id: row.id,
      partnerId: row.partner_id,
      url: row.url,
      status: row.status,
      partnerActive: row.partner_status === 'active',
      secrets: row.secrets,
      keyId: row.key_id,
      failingSince: row.failing_since,
    }
  );
}

/** An event to send, with the conditions that are checked again now. */
export type DueDelivery = {
  outboxId: string;
  operationId: string;
  subject: string;
  seq: number;
  position: number;
  type: string;
  at: Date;
  data: Record<string, unknown>;
  /** attempts of the current schedule; a replay starts again */
  attempts: number;
  /** the person, where the subject is a journey */
  personId: string | null;
  /** a hold that blocks disclosure, or no consent to sharing: the result does not say which */
  mayShare: boolean;
};

/**
 * Claims the due deliveries of the endpoint: of each subject only the oldest open one. A suspended delivery blocks its
 * own subject and no other.
 */
export async function claimHeads(db: Queryable, endpointId: string, limit: number): Promise<DueDelivery[]> {
  const { rows } = await db.query<{
    outbox_id: string;
    operation_id: string;
    subject: string;
    seq: number;
    position: number;
    type: string;
    at: Date;
    data: unknown;
    attempts: number;
    person_id: string | null;
    may_share: boolean;
  }>({
    name: 'claim_heads',
    text: `
      with heads as (
        select distinct on (subject) outbox_id, position, status, next_attempt_at
          from deliveries where endpoint_id = $1 and status in ('queued', 'retrying', 'suspended')
         order by subject, position
      ), due as (
        select outbox_id from heads where status <> 'suspended' and next_attempt_at <= now() order by position limit $2
      ), claimed as (
        update deliveries d set next_attempt_at = now() + make_interval(secs => $3)
          from due where d.endpoint_id = $1 and d.outbox_id = due.outbox_id
        returning d.outbox_id, d.attempts
      )
      select o.id as outbox_id, o.operation_id, o.subject, o.seq, o.position::double precision as position, o.type, o.at, o.data, c.attempts, j.person_id,
             j.id is null or (j.consent = 'given' and j.consent_sharing and not exists (
               select from holds h where h.journey_id = j.id and h.status in ('raising', 'active') and h.blocks_disclosure
             )) as may_share
        from claimed c join outbox o on o.id = c.outbox_id left join journeys j on j.id = o.subject
       order by o.position`,
    values: [endpointId, limit, LEASE_SECONDS],
  });
  return rows.map((row) => ({
    outboxId: row.outbox_id,
    operationId: row.operation_id,
    subject: row.subject,
    seq: row.seq,
    position: row.position,
    type: row.type,
    at: row.at,
    data: STORED_FIELDS.read(row.data),
    attempts: row.attempts,
    personId: row.person_id,
    mayShare: row.may_share,
  }));
}

/**
 * The event types that the partner may receive in each operation now.
 * @param now ISO 8601 operation time of each operation
 */
export async function agreedEventTypes(
  db: Queryable,
  partnerId: string,
  now: ReadonlyMap<string, string>,
): Promise<Map<string, Set<string>>> {
  const { rows } = await db.query<{ operation_id: string; type: string }>(
    `select a.operation_id, unnest(a.event_types) as type
       from agreements a join unnest($2::text[], $3::timestamptz[]) as t (operation_id, now) on t.operation_id = a.operation_id
      where a.partner_id = $1 and a.valid_from <= t.now and (a.valid_until is null or a.valid_until > t.now)`,
    [partnerId, [...now.keys()], [...now.values()]],
  );
  const agreed = new Map<string, Set<string>>();
  for (const { operation_id, type } of rows)
    agreed.set(operation_id, (agreed.get(operation_id) ?? new Set()).add(type));
  return agreed;
}

/** The result of one claimed delivery. */
export type Settled = {
  outboxId: string;
  status: 'delivered' | 'retrying' | 'suspended' | 'redacted';
  /** milliseconds until the next attempt, for `retrying` */
  nextInMs?: number;
  redactedReason?: string;
  /** the attempt; absent if nothing was sent */
  attempt?: { sentAt: Date; tookMs: number; httpStatus?: number; failure?: string };
};

/** Writes the results of claimed deliveries, and a row for each attempt, in one statement. */
export async function settleDeliveries(db: Queryable, endpointId: string, settled: readonly Settled[]): Promise<void> {
  if (settled.length === 0) return;
  await db.query({
    name: 'settle_deliveries',
    text: `
      with done as (
        select r ->> 'outboxId' as outbox_id, r ->> 'status' as status, (r ->> 'nextInMs')::double precision as next_in_ms,
               r ->> 'redactedReason' as redacted_reason, r -> 'attempt' as attempt
          from jsonb_array_elements($2::jsonb) r
      ), attempts as (
        insert into delivery_attempts (endpoint_id, outbox_id, attempt, sent_at, took_ms, http_status, failure)
        select $1, outbox_id,
               1 + coalesce((select max(a.attempt) from delivery_attempts a where a.endpoint_id = $1 and a.outbox_id = done.outbox_id), 0),
               (attempt ->> 'sentAt')::timestamptz, (attempt ->> 'tookMs')::integer, (attempt ->> 'httpStatus')::integer,
               attempt ->> 'failure'
          from done where attempt is not null
      )
      update deliveries d set
        status = done.status,
        attempts = d.attempts + case when done.attempt is null then 0 else 1 end,
        next_attempt_at = case when done.next_in_ms is null then d.next_attempt_at
                               else now() + make_interval(secs => done.next_in_ms / 1000) end,
        redacted_reason = done.redacted_reason,
        delivered_at = case when done.status = 'delivered' then now() end
      from done
      where d.endpoint_id = $1 and d.outbox_id = done.outbox_id and d.status in ('queued', 'retrying')`,
    values: [endpointId, JSON.stringify(settled)],
  });
}

/** Releases claimed deliveries unsent, due again in `inMs`, without counting an attempt. */
export async function postponeDeliveries(
  db: Queryable,
  endpointId: string,
  outboxIds: readonly string[],
  inMs: number,
): Promise<void> {
  if (outboxIds.length === 0) return;
  await db.query(
    `update deliveries set next_attempt_at = now() + make_interval(secs => $3::double precision / 1000)
      where endpoint_id = $1 and outbox_id = any($2) and status in ('queued', 'retrying')`,
    [endpointId, outboxIds, inMs],
  );
}

/** Milliseconds until the next delivery is due, 0 if one is due; null for none. */
export async function nextDueIn(db: Queryable, endpointId: string): Promise<number | null> {
  const { rows } = await db.query<{ ms: number | null }>(
    `select extract(epoch from min(next_attempt_at) - now())::double precision * 1000 as ms
       from (select distinct on (subject) status, next_attempt_at
               from deliveries where endpoint_id = $1 and status in ('queued', 'retrying', 'suspended')
              order by subject, position) heads
      where status <> 'suspended'`,
    [endpointId],
  );
  const ms = rows[0]?.ms;
  return ms === null || ms === undefined ? null : Math.max(0, Math.ceil(ms));
}

/** Records whether the endpoint answers. Returns the first failure since the last success; null while it works. */
export async function noteHealth(db: Queryable, endpointId: string, answers: boolean): Promise<Date | null> {
  const { rows } = await db.query<{ failing_since: Date | null }>(
    `update endpoints set failing_since = case when $2 then null else coalesce(failing_since, now()) end
      where id = $1 returning failing_since`,
    [endpointId, answers],
  );
  return rows[0]?.failing_since ?? null;
}

/** Disables an endpoint. False if it was not active. */
export async function disableEndpoint(db: Queryable, endpointId: string): Promise<boolean> {
  const { rowCount } = await db.query(`update endpoints set status = 'disabled' where id = $1 and status = 'active'`, [
    endpointId,
  ]);
  return rowCount === 1;
}

/** Enables an endpoint; its waiting events are due at once. False if it was not disabled. */
export async function enableEndpoint(client: Queryable, endpointId: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `update endpoints set status = 'active', failing_since = null where id = $1 and status = 'disabled'`,
    [endpointId],
  );
  if (rowCount !== 1) return false;
  await client.query(
    `update deliveries set next_attempt_at = now() where endpoint_id = $1 and status in ('queued', 'retrying') and next_attempt_at > now()`,
    [endpointId],
  );
  return true;
}

/** Feeds with due deliveries, for a nudge after an interruption. */
export async function feedsWithDue(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ endpoint_id: string }>(
    `select e.id as endpoint_id from endpoints e
      where e.status = 'active' and exists (
        select from deliveries d where d.endpoint_id = e.id and d.status in ('queued', 'retrying') and d.next_attempt_at <= now())`,
  );
  return rows.map((row) => row.endpoint_id);
}

/** Sends events again from the start of the schedule. Returns how many of them this endpoint had. */
export async function replayDeliveries(
  db: Queryable,
  endpointId: string,
  outboxIds: readonly string[],
): Promise<number> {
  const { rowCount } = await db.query(
    `update deliveries set status = 'queued', attempts = 0, next_attempt_at = now(), redacted_reason = null, delivered_at = null
      where endpoint_id = $1 and outbox_id = any($2)`,
    [endpointId, outboxIds],
  );
  return rowCount ?? 0;
}

/**
 * Sends every event of a range of positions again (inclusive; without an end up to the last), as far as the endpoint
 * subscribes to the type and an agreement names it. This includes events from before the endpoint. Returns their number.
 */
export async function replayRange(db: Queryable, endpointId: string, from: number, to?: number): Promise<number> {
  const { rowCount } = await db.query(
    `insert into deliveries (outbox_id, endpoint_id, subject, position)
     select distinct o.id, e.id, o.subject, o.position
       from outbox o
       join endpoints e on e.id = $1 and e.status <> 'removed' and o.type = any (e.event_types)
       join agreements a on a.partner_id = e.partner_id and a.operation_id = o.operation_id and o.type = any (a.event_types)
                        and a.valid_from <= o.at and (a.valid_until is null or a.valid_until > o.at)
      where o.position >= $2 and ($3::bigint is null or o.position <= $3)
     on conflict (endpoint_id, outbox_id) do update
       set status = 'queued', attempts = 0, next_attempt_at = now(), redacted_reason = null, delivered_at = null`,
    [endpointId, from, to ?? null],
  );
  return rowCount ?? 0;
}

/** Opens (or reopens) the task about an endpoint or a suspended event. */
export async function openFeedTask(
  db: Queryable,
  task: {
    id: string;
    operationId: string;
    subject: string;
    kind: 'webhook_suspended' | 'endpoint_disabled';
    role: 'admin' | 'duty_supervisor';
    at: string;
    data: Record<string, unknown>;
  },
): Promise<void> {
  await db.query(
    `insert into tasks (id, operation_id, subject, kind, role, opened_at, data) values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (id) do update set status = 'open', closed_at = null, opened_at = excluded.opened_at, data = excluded.data
      where tasks.status <> 'open'`,
    [task.id, task.operationId, task.subject, task.kind, task.role, task.at, task.data],
  );
}
