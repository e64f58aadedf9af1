import { sql } from 'kysely';
import type { EventReads, OutboxPorts, PositionedEvent } from '../../../application/webhooks/events.ts';
import { STORED_FIELDS } from '../../../domain/storedValue.ts';
import type { Db } from '../database.ts';
import type { OutboxEvent } from '../generated/kysely/tables.ts';

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
                 or exists (select from holds h where h.journey_id = j.id and h.status in ('raising', 'active') and h.blocks_disclosure)))))
       order by o.position limit ${limit + 1}`.execute(db);
    return rows.map((row) => ({ ...row, data: STORED_FIELDS.read(row.data) }));
  },
});
