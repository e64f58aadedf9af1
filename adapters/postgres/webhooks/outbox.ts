import type { Queryable } from '../database.ts';

/**
 * Gives the next positions to committed outbox rows and makes a delivery for each subscribed endpoint. It runs in one
 * transaction under the lock of the outbox publisher, because positions are gapless only with one caller.
 *
 * The order is by creation, and within a subject by sequence. `effective` raises a row to the time of the latest earlier
 * row of its subject, so that a clock that steps back cannot reverse two events. The limit cuts a subject only between
 * two sequences.
 *
 * An endpoint gets an event if it subscribes to the type and its partner has an agreement in that operation that names
 * the type and is valid at the time of the event. Disabled endpoints get deliveries too, so that nothing is lost when
 * they are enabled again; removed ones do not.
 */
export async function stampOutbox(client: Queryable, limit: number): Promise<{ stamped: number; endpoints: string[] }> {
  const { rows } = await client.query<{ stamped: number; endpoints: string[] }>({
    name: 'stamp_outbox',
    text: `
      with picked as (
        select subject, max(seq) as upto
          from (select subject, seq from outbox where position is null order by created_at, subject, seq limit $1) oldest
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
             array(select distinct endpoint_id from delivered) as endpoints`,
    values: [limit],
  });
  const row = rows[0];
  return { stamped: row?.stamped ?? 0, endpoints: row?.endpoints ?? [] };
}
