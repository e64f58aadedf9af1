import type { PendingSeatNotification } from '../../../activities/movements.ts';
import { derivedId } from '../../../application/ids.ts';
import { STORED_ACTOR } from '../../../domain/actor.ts';
import type { SeatStatus } from '../../../domain/movements/scans.ts';
import type { Queryable } from '../database.ts';

/** Seats with updates that their journey has not received, each with these updates in order. */
export async function readPendingNotifications(
  client: Queryable,
  movementId: string,
  limit: number,
): Promise<PendingSeatNotification[]> {
  const { rows } = await client.query<Omit<PendingSeatNotification, 'at' | 'actor'> & { at: Date; actor: unknown }>(
    `select s.id as "seatId", s.journey_id as "journeyId", s.kind, m.leg, s.status, s.notified,
       coalesce(s.status_at, s.reserved_at) as at, s.status_by as actor, s.reason_code as "reasonCode"
     from seats s join movements m on m.id = s.movement_id
     where s.movement_id = $1 and s.notified is distinct from s.status order by s.id limit $2`,
    [movementId, limit],
  );
  return rows.map((row) => ({ ...row, at: row.at.getTime(), actor: STORED_ACTOR.read(row.actor) }));
}

/** Records up to which status each journey has been notified; a seat that has changed meanwhile stays pending. */
export async function markNotified(
  client: Queryable,
  notified: ReadonlyArray<{ seatId: string; status: SeatStatus }>,
): Promise<void> {
  await client.query(
    `update seats s set notified = n.status from unnest($1::text[], $2::text[]) as n (id, status) where s.id = n.id`,
    [notified.map((seat) => seat.seatId), notified.map((seat) => seat.status)],
  );
}

/** A person is on a vehicle although their journey has ended: an alarm is raised once for each seat and status. */
export async function noteUndelivered(
  client: Queryable,
  movementId: string,
  seats: readonly PendingSeatNotification[],
): Promise<void> {
  if (seats.length === 0) return;
  await client.query(
    `insert into alarms (id, operation_id, subject, kind, detail)
     select n.id, m.operation_id, n.journey, 'movement_update_undelivered', jsonb_build_object('movementId', m.id, 'status', n.status)
     from unnest($2::text[], $3::text[], $4::text[]) as n (id, journey, status) join movements m on m.id = $1
     on conflict do nothing`,
    [
      movementId,
      seats.map((seat) => derivedId('alarm', seat.seatId, seat.status)),
      seats.map((seat) => seat.journeyId),
      seats.map((seat) => seat.status),
    ],
  );
}
