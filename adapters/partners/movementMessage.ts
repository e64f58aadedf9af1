import { iso } from '../../domain/time.ts';
import type { Queryable } from '../postgres/database.ts';

/** What a carrier or a receiving agency receives about a movement: its stops and counts. It names nobody. */
export type MovementMessage = {
  id: string;
  reference: string;
  mode: string;
  /** codes of the places, as the movement stores them */
  origin: string;
  destination: string;
  departs_at: string;
  arrives_at: string;
  seats: { seat: number; infant_lap: number; stretcher_block: number; wheelchair: number };
  expected: { people: number; households: number };
};

type Row = {
  id: string;
  reference: string;
  mode: string;
  origin: string;
  destination: string;
  departs_at: Date;
  arrives_at: Date;
  seat_capacity: number;
  infant_capacity: number;
  stretcher_capacity: number;
  wheelchair_capacity: number;
  people: number;
  households: number;
};

/** @throws Error where there is no such movement */
export async function readMovementMessage(client: Queryable, movementId: string): Promise<MovementMessage> {
  const { rows } = await client.query<Row>(
    `select m.id, m.reference, m.mode, coalesce(m.origin ->> 'code', '') as origin, coalesce(m.destination ->> 'code', '') as destination, m.departs_at, m.arrives_at,
            m.seat_capacity, m.infant_capacity, m.stretcher_capacity, m.wheelchair_capacity,
            count(s.id)::integer as people, count(distinct s.household_id)::integer as households
       from movements m
       left join seats s on s.movement_id = m.id and s.status in ('reserved', 'checked_in', 'boarded', 'departed', 'arrived')
      where m.id = $1 group by m.id`,
    [movementId],
  );
  const row = rows[0];
  if (!row) throw new Error(`There is no movement ${movementId}`);
  return {
    id: row.id,
    reference: row.reference,
    mode: row.mode,
    origin: row.origin,
    destination: row.destination,
    departs_at: iso(row.departs_at.getTime()),
    arrives_at: iso(row.arrives_at.getTime()),
    seats: {
      seat: row.seat_capacity,
      infant_lap: row.infant_capacity,
      stretcher_block: row.stretcher_capacity,
      wheelchair: row.wheelchair_capacity,
    },
    expected: { people: row.people, households: row.households },
  };
}
