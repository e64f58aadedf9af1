import type { UntoldSeat } from '../../../activities/movements.ts';
import type { SeatStatus } from '../../../domain/movement/scans.ts';
import { derivedId } from '../../ids.ts';
import type { Queryable } from '../database.ts';

/** Seats whose person's journey has not heard everything, the news of each to be told in order. */
export async function readUntold(client: Queryable, movementId: string, limit: number): Promise<UntoldSeat[]> {
  const { rows } = await client.query<Omit<UntoldSeat, 'at'> & { at: Date }>(
    `select s.id as "seatId", s.journey_id as "journeyId", s.kind, m.stage, s.status, s.told,
       coalesce(s.status_at, s.claimed_at) as at, s.status_by as actor, s.reason_code as "reasonCode"
     from seats s join movements m on m.id = s.movement_id
     where s.movement_id = $1 and s.told is distinct from s.status order by s.id limit $2`,
    [movementId, limit],
  );
  return rows.map((row) => ({ ...row, at: row.at.getTime() }));
}

/** Marks up to which status each person has been told; a seat that has gone on meanwhile stays on the list. */
export async function markTold(
  client: Queryable,
  told: ReadonlyArray<{ seatId: string; status: SeatStatus }>,
): Promise<void> {
  await client.query(
    `update seats s set told = n.status from unnest($1::text[], $2::text[]) as n (id, status) where s.id = n.id`,
    [told.map((seat) => seat.seatId), told.map((seat) => seat.status)],
  );
}

/** A person who sits on a vehicle while their journey is over: somebody must know. Once for each seat and status. */
export async function noteUndelivered(
  client: Queryable,
  movementId: string,
  seats: readonly UntoldSeat[],
): Promise<void> {
  if (seats.length === 0) return;
  await client.query(
    `insert into alarms (id, operation_id, subject, kind, detail)
     select n.id, m.operation_id, n.journey, 'travel_news_undelivered', jsonb_build_object('movementId', m.id, 'status', n.status)
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
