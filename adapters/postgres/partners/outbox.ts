import type { Queryable } from '../database.ts';

/**
 * Stamps the next positions on committed outbox rows and makes a delivery for each endpoint that is to hear of them.
 * To be called in one transaction, under the relay's lock: positions are gapless only with one caller at a time.
 *
 * Order is by creation, and within a subject by sequence: `effective` lifts a row to the moment of the latest earlier
 * row of its subject, so that a clock that steps back cannot put event n+1 before event n. A subject that is cut by the
 * limit is cut between two sequences, never inside.
 *
 * An event goes to an endpoint that asked for its type and whose partner has an agreement in that operation naming it,
 * valid at the moment of the event. Endpoints that are disabled get their deliveries too, so that nothing is lost when
 * they are enabled again; those that are removed do not.
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
