import { type RawBuilder, sql } from 'kysely';
import type { SecretBox } from '../../../application/partners/partners.ts';
import type {
  DueEvent,
  EventReads,
  FeedPorts,
  OutboxPorts,
  PositionedEvent,
} from '../../../application/webhooks/feed.ts';
import { iso } from '../../../domain/time.ts';
import { STORED_FIELDS } from '../../../domain/versioned.ts';
import { anyOf, type Db, instant, json } from '../database.ts';
import type { OutboxEvent } from '../generated/kysely/tables.ts';
import { operationTime, operationTimes } from '../operations/operations.ts';

/**
 * `stamp` gives the next positions to committed outbox rows and makes a delivery for each subscribed endpoint: one
 * statement, under the lock of the outbox publisher, because positions are gapless only with one caller.
 *
 * The order is by creation, and within a subject by sequence. `effective` raises a row to the time of the latest earlier
 * row of its subject, so that a clock that steps back cannot reverse two events. The limit cuts a subject only between
 * two sequences.
 *
 * An endpoint gets an event if it subscribes to the type and its partner has an agreement in that operation that names
 * the type and is valid at the time of the event. Disabled endpoints get deliveries too, so that nothing is lost when
 * they are enabled again; removed ones do not.
 */
export const outboxOn = (db: Db): Omit<OutboxPorts, 'nudge'> => ({
  async stamp(limit) {
    const { rows } = await sql<{ stamped: number; endpoints: string[] }>`
      with picked as (
        select subject, max(seq) as upto
          from (select subject, seq from outbox where position is null order by created_at, subject, seq limit ${limit}) oldest
         group by subject
      ), unstamped as (
        select o.id, o.subject, o.seq, o.type,
               max(o.created_at) over (partition by o.subject order by o.seq, o.type) as effective
          from outbox o join picked p on p.subject = o.subject and o.seq <= p.upto
         where o.position is null
      ), numbered as (
        select id, row_number() over (order by effective, subject, seq, type)
                   + (select coalesce(max(position), 0) from outbox) as position
          from unstamped
      ), stamped as (
        update outbox o set position = n.position from numbered n where o.id = n.id
        returning o.id, o.operation_id, o.subject, o.type, o.at, o.position
      ), delivered as (
        insert into deliveries (outbox_id, endpoint_id, subject, position)
        select distinct s.id, e.id, s.subject, s.position
          from stamped s
          join agreements a on a.operation_id = s.operation_id and s.type = any (a.event_types)
                           and a.valid_from <= s.at and (a.valid_until is null or a.valid_until > s.at)
          join endpoints e on e.partner_id = a.partner_id and e.status <> 'removed' and s.type = any (e.event_types)
        on conflict do nothing
        returning endpoint_id
      )
      select (select count(*)::integer from stamped) as stamped,
             array(select distinct endpoint_id from delivered) as endpoints`.execute(db);
    return rows[0] ?? { stamped: 0, endpoints: [] };
  },

  async feedsWithDue() {
    const rows = await db
      .selectFrom('endpoints as e')
      .select('e.id')
      .where('e.status', '=', 'active')
      .where((eb) =>
        eb.exists(
          eb
            .selectFrom('deliveries as d')
            .select('d.outboxId')
            .whereRef('d.endpointId', '=', 'e.id')
            .where('d.status', 'in', ['queued', 'retrying'])
            .where('d.nextAttemptAt', '<=', (now) => now.fn('now')),
        ),
      )
      .execute();
    return rows.map(({ id }) => id);
  },
});

type Row = Pick<OutboxEvent, 'id' | 'operationId' | 'subject' | 'seq' | 'type' | 'data'> &
  Pick<PositionedEvent, 'position' | 'at'>;

export const eventReadsOn = (db: Db): EventReads => ({
  async from(reader, { after, operation }, limit) {
    const partnerId = 'partnerId' in reader ? reader.partnerId : null;
    const operations = 'operations' in reader && reader.operations !== 'all' ? reader.operations : null;
    const { rows } = await sql<Row>`
      select o.id, o.position, o.operation_id, o.subject, o.seq, o.type, o.data,
             (extract(epoch from o.at) * 1000)::double precision as at
        from outbox o
       where o.position > ${after} and (${operation ?? null}::text is null or o.operation_id = ${operation ?? null})
         and (${operations}::text[] is null or o.operation_id = any(${operations}))
         and (${partnerId}::text is null or (
           exists (select from agreements a where a.partner_id = ${partnerId} and a.operation_id = o.operation_id and o.type = any(a.event_types)
                     and a.valid_from <= o.at and (a.valid_until is null or a.valid_until > o.at))
           and not exists (select from journeys j where j.id = o.subject and (j.consent <> 'given' or not j.consent_sharing
                 or exists (select from holds h where h.journey_id = j.id and h.status in ('raising', 'active'))))))
       order by o.position limit ${limit + 1}`.execute(db);
    return rows.map((row) => ({ ...row, data: STORED_FIELDS.read(row.data) }));
  },
});

/** The lease of a claimed delivery: longer than one attempt, so that no other process sends it meanwhile. */
const LEASE_SECONDS = 60;

const inMs = (ms: number): RawBuilder<Date> => sql<Date>`now() + make_interval(secs => ${ms}::double precision / 1000)`;

/** A suspended delivery blocks its own subject and no other. */
const heads = (endpointId: string) => sql`
  select distinct on (subject) outbox_id, position, status, next_attempt_at
    from deliveries where endpoint_id = ${endpointId} and status in ('queued', 'retrying', 'suspended')
   order by subject, position`;

export function feedOn(
  db: Db,
  secrets: Pick<SecretBox, 'open'>,
): Omit<FeedPorts, 'send' | 'raiseAlarm' | 'now' | 'jitter'> {
  return {
    async endpoint(endpointId) {
      const row = await db
        .selectFrom('endpoints as e')
        .innerJoin('partners as p', 'p.id', 'e.partnerId')
        .select(['e.partnerId', 'e.url', 'e.status', 'e.secrets', 'e.keyId', 'p.status as partnerStatus'])
        .where('e.id', '=', endpointId)
        .executeTakeFirst();
      return (
        row && {
          partnerId: row.partnerId,
          url: row.url,
          secrets: secrets.open(endpointId, { encrypted: row.secrets, keyId: row.keyId }),
          open: row.status === 'active' && row.partnerStatus === 'active',
          removed: row.status === 'removed',
        }
      );
    },

    async claim(endpointId, limit) {
      const { rows } = await sql<Omit<DueEvent, 'data'> & { data: unknown }>`
        with heads as (${heads(endpointId)}), due as (
          select outbox_id from heads where status <> 'suspended' and next_attempt_at <= now()
           order by position limit ${limit}
        ), claimed as (
          update deliveries d set next_attempt_at = now() + make_interval(secs => ${LEASE_SECONDS})
            from due where d.endpoint_id = ${endpointId} and d.outbox_id = due.outbox_id
          returning d.outbox_id, d.attempts
        )
        select o.id as outbox_id, o.operation_id, o.subject, o.seq, o.position, o.type, o.data, c.attempts, j.person_id,
               (extract(epoch from o.at) * 1000)::double precision as at,
               j.id is null or (j.consent = 'given' and j.consent_sharing and not exists (
                 select from holds h where h.journey_id = j.id and h.status in ('raising', 'active')
               )) as may_share
          from claimed c join outbox o on o.id = c.outbox_id left join journeys j on j.id = o.subject
         order by o.position`.execute(db);
      return rows.map((row) => ({ ...row, data: STORED_FIELDS.read(row.data) }));
    },

    async agreedTypes(partnerId, operationIds, real) {
      const now = await operationTimes(db, operationIds, real);
      const { rows } = await sql<{ operationId: string; types: string[] }>`
        select a.operation_id, array_agg(type) as types
          from agreements a
          join unnest(${[...now.keys()]}::text[], ${[...now.values()].map(iso)}::timestamptz[]) as t (operation_id, now)
            on t.operation_id = a.operation_id
         cross join unnest(a.event_types) as type
         where a.partner_id = ${partnerId} and a.valid_from <= t.now and (a.valid_until is null or a.valid_until > t.now)
         group by a.operation_id`.execute(db);
      return new Map(rows.map(({ operationId, types }) => [operationId, new Set(types)]));
    },

    async settle(endpointId, settled) {
      await sql`
        with done as (
          select * from jsonb_to_recordset(${JSON.stringify(settled)}::jsonb)
                     as r ("outboxId" text, status text, "nextInMs" double precision, "redactedReason" text, attempt jsonb)
        ), attempts as (
          insert into delivery_attempts (endpoint_id, outbox_id, attempt, sent_at, took_ms, http_status, failure)
          select ${endpointId}, "outboxId",
                 1 + coalesce((select max(a.attempt) from delivery_attempts a where a.endpoint_id = ${endpointId} and a.outbox_id = "outboxId"), 0),
                 (attempt ->> 'sentAt')::timestamptz, (attempt ->> 'tookMs')::integer, (attempt ->> 'httpStatus')::integer,
                 attempt ->> 'failure'
            from done where attempt is not null
        )
        update deliveries d set
          status = done.status,
          attempts = d.attempts + case when done.attempt is null then 0 else 1 end,
          next_attempt_at = case when "nextInMs" is null then d.next_attempt_at
                                 else now() + make_interval(secs => "nextInMs" / 1000) end,
          redacted_reason = "redactedReason",
          delivered_at = case when done.status = 'delivered' then now() end
        from done
        where d.endpoint_id = ${endpointId} and d.outbox_id = "outboxId" and d.status in ('queued', 'retrying')`.execute(
        db,
      );
    },

    async postpone(endpointId, outboxIds, ms) {
      await db
        .updateTable('deliveries')
        .set({ nextAttemptAt: inMs(ms) })
        .where('endpointId', '=', endpointId)
        .where('outboxId', '=', anyOf(outboxIds))
        .where('status', 'in', ['queued', 'retrying'])
        .execute();
    },

    async nextDueIn(endpointId) {
      const { rows } = await sql<{ ms: number | null }>`
        select extract(epoch from min(next_attempt_at) - now())::double precision * 1000 as ms
          from (${heads(endpointId)}) heads where status <> 'suspended'`.execute(db);
      const ms = rows[0]?.ms ?? null;
      return ms === null ? null : Math.max(0, Math.ceil(ms));
    },

    async noteHealth(endpointId, answers) {
      const row = await db
        .updateTable('endpoints')
        .set({ failingSince: answers ? null : sql<Date>`coalesce(failing_since, now())` })
        .where('id', '=', endpointId)
        .returning((eb) => instant(eb, 'failingSince'))
        .executeTakeFirst();
      return row?.failingSince ?? null;
    },

    async disable(endpointId) {
      const { numUpdatedRows } = await db
        .updateTable('endpoints')
        .set({ status: 'disabled' })
        .where('id', '=', endpointId)
        .where('status', '=', 'active')
        .executeTakeFirst();
      return numUpdatedRows === 1n;
    },

    async openTask({ data, ...task }, real) {
      const openedAt = new Date(await operationTime(db, task.operationId, real));
      await db
        .insertInto('tasks')
        .values({ ...task, data: json(data), openedAt })
        .onConflict((conflict) =>
          conflict
            .column('id')
            .doUpdateSet((eb) => ({
              status: 'open',
              closedAt: null,
              openedAt: eb.ref('excluded.openedAt'),
              data: eb.ref('excluded.data'),
            }))
            .where('tasks.status', '<>', 'open'),
        )
        .execute();
    },
  };
}
