import type { Actor } from '../../domain/actor.ts';
import type { SeatKind } from '../../domain/journey/facts.ts';
import type { SeatStatus } from '../../domain/movement/scans.ts';
import type { Instant } from '../../domain/time.ts';
import type { Queryable } from './database.ts';

/** A seat of which its person's journey has not heard everything. */
export type UntoldSeat = {
  seatId: string;
  journeyId: string;
  kind: SeatKind;
  stage: string;
  status: SeatStatus;
  told: SeatStatus | null;
  at: Instant;
  actor: Actor;
  reasonCode: string | null;
};

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
export async function markTold(client: Queryable, told: ReadonlyArray<{ seatId: string; status: SeatStatus }>): Promise<void> {
  await client.query(
    `update seats s set told = n.status from unnest($1::text[], $2::text[]) as n (id, status) where s.id = n.id`,
    [told.map((seat) => seat.seatId), told.map((seat) => seat.status)],
  );
}

/** A seat whose person's journey cannot be told because it is over: somebody must know. Once for each status. */
export async function noteUndelivered(
  client: Queryable,
  rows: ReadonlyArray<{ alarmId: string; movementId: string; journeyId: string; status: SeatStatus }>,
): Promise<void> {
  await client.query(
    `insert into alarms (id, operation_id, subject, kind, detail)
     select n.id, m.operation_id, n.journey, 'travel_news_undelivered', jsonb_build_object('movementId', m.id, 'status', n.status)
     from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as n (id, movement, journey, status)
     join movements m on m.id = n.movement on conflict do nothing`,
    [rows.map((r) => r.alarmId), rows.map((r) => r.movementId), rows.map((r) => r.journeyId), rows.map((r) => r.status)],
  );
}
