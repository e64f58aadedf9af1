import type { Pool } from 'pg';
import type { PreconditionRules, Transaction } from '../../../activities/movements.ts';
import type { FreeCapacity, Lists } from '../../../domain/allocation.ts';
import type { Capacity, ClearanceKind, GateCounts, Reconciliation } from '../../../domain/movements/events.ts';
import { STORED_LEAVE_AT } from '../../../domain/movements/route.ts';
import type { Occasion } from '../../../domain/preconditions.ts';
import type { LegNeeds } from '../../../domain/rules.ts';
import { type Instant, iso } from '../../../domain/time.ts';
import { type Queryable, transaction } from '../database.ts';

/** Statuses of a seat that somebody holds, or has held to the end. */
export const HELD = ['reserved', 'checked_in', 'boarded', 'departed', 'arrived'] as const;

export type LockedMovement = {
  id: string;
  operationId: string;
  leg: string;
  departsAt: Instant;
  arrivesAt: Instant;
  lists: Lists;
  leaveAt: Record<string, string[]>;
  lastStop: string;
  room: FreeCapacity;
  taken: Capacity;
  overCapacity: boolean;
};

type Row = {
  operation_id: string;
  leg: string;
  departs_at: Date;
  arrives_at: Date;
  for_households_of: string[] | null;
  accepts_nationalities: string[] | null;
  leave_at: unknown;
  last_stop: string;
  seat_capacity: number;
  infant_capacity: number;
  stretcher_capacity: number;
  stretcher_seats: number;
  wheelchair_capacity: number;
  seats_taken: number;
  infants_taken: number;
  stretchers_taken: number;
  wheelchairs_taken: number;
  over_capacity: boolean;
};

/**
 * The locks of every transaction on seats, always in this order, so that two transactions never deadlock: the operation
 * (shared), the movement, then households and journeys by ascending id (`lockHouseholds`).
 * @throws Error for an unknown movement
 */
export async function lockMovement(client: Queryable, movementId: string): Promise<LockedMovement> {
  await client.query(
    'select 1 from operations where id = (select operation_id from movements where id = $1) for share',
    [movementId],
  );
  const { rows } = await client.query<Row>(
    `select operation_id, leg, departs_at, arrives_at, for_households_of, accepts_nationalities, leave_at,
       destination ->> 'code' as last_stop, seat_capacity, infant_capacity, stretcher_capacity, stretcher_seats,
       wheelchair_capacity, seats_taken, infants_taken, stretchers_taken, wheelchairs_taken, over_capacity
     from movements where id = $1 for update`,
    [movementId],
  );
  const row = rows[0];
  if (!row) throw new Error(`There is no movement ${movementId}`);
  return {
    id: movementId,
    operationId: row.operation_id,
    leg: row.leg,
    departsAt: row.departs_at.getTime(),
    arrivesAt: row.arrives_at.getTime(),
    lists: { forHouseholdsOf: row.for_households_of, acceptsNationalities: row.accepts_nationalities },
    leaveAt: STORED_LEAVE_AT.read(row.leave_at),
    lastStop: row.last_stop,
    room: {
      seats: row.seat_capacity,
      infantLaps: row.infant_capacity,
      stretchers: row.stretcher_capacity,
      wheelchairs: row.wheelchair_capacity,
      stretcherSeats: row.stretcher_seats,
    },
    taken: {
      seats: row.seats_taken,
      infantLaps: row.infants_taken,
      stretchers: row.stretchers_taken,
      wheelchairs: row.wheelchairs_taken,
    },
    overCapacity: row.over_capacity,
  };
}

/** Locks households and all their journeys, ascending, until the transaction ends: holds and withdrawals wait for it. */
export async function lockHouseholds(client: Queryable, householdIds: readonly string[]): Promise<void> {
  await client.query('select 1 from households where id = any ($1::text[]) order by id for update', [householdIds]);
  await client.query('select 1 from journeys where household_id = any ($1::text[]) order by id for update', [
    householdIds,
  ]);
}

/** The free capacity of a vehicle. */
export function seatsLeft({ room, taken }: LockedMovement): FreeCapacity {
  return {
    seats: room.seats - taken.seats,
    infantLaps: room.infantLaps - taken.infantLaps,
    stretchers: room.stretchers - taken.stretchers,
    wheelchairs: room.wheelchairs - taken.wheelchairs,
    stretcherSeats: room.stretcherSeats,
  };
}

/** A leg that is not in the rules requires everything. */
const EVERYTHING: LegNeeds = { nationality: true, document: true, exitPermit: true };

/** The occasion for the preconditions of this movement. */
export function occasionOf(movement: LockedMovement, rules: PreconditionRules, now: Instant): Occasion {
  return {
    now,
    departsAt: movement.departsAt,
    arrivesAt: movement.arrivesAt,
    needs: rules.legs.find((leg) => leg.code === movement.leg)?.needs ?? EVERYTHING,
    rules,
  };
}

/** The one reason on a seat whose household may not travel: not everybody may know the kind of reason. */
export const NOT_TRAVELLING = 'not_travelling';

/** Releases seats of people on the ground only: the database never offloads anybody. */
export async function releaseSeats(
  client: Queryable,
  seatIds: readonly string[],
  { at, actor }: Pick<Transaction, 'at' | 'actor'>,
  reasonCode: string,
): Promise<void> {
  await client.query(
    `update seats set status = 'released', reason_code = $2, status_at = $3, status_by = $4, updated_at = now()
     where id = any ($1::text[]) and status in ('reserved', 'checked_in')`,
    [seatIds, reasonCode, iso(at), actor],
  );
}

/** Writes the status of a clearance; its event follows. */
export async function writeClearance(
  pool: Queryable,
  transaction: Transaction & { kind: ClearanceKind; status: 'given' | 'lost' },
): Promise<void> {
  await pool.query(
    `insert into movement_clearances (movement_id, kind, status, at, actor) values ($1, $2, $3, $4, $5)
     on conflict (movement_id, kind) do update set status = excluded.status, at = excluded.at, actor = excluded.actor`,
    [transaction.movementId, transaction.kind, transaction.status, iso(transaction.at), transaction.actor.id],
  );
}

/**
 * Another vehicle. It may be too small for the seats already given: then nobody else is seated, and the manifest cannot
 * be locked until seats are allocated again.
 */
export async function changeVehicle(
  pool: Pool,
  movementId: string,
  capacity: Capacity,
): Promise<{ overCapacity: boolean }> {
  return transaction(pool, async (client) => {
    await lockMovement(client, movementId);
    const { rows } = await client.query<{ over_capacity: boolean }>(
      `update movements set seat_capacity = $2, infant_capacity = $3, stretcher_capacity = $4, wheelchair_capacity = $5,
         over_capacity = seats_taken > $2 or infants_taken > $3 or stretchers_taken > $4 or wheelchairs_taken > $5,
         updated_at = now()
       where id = $1 returning over_capacity`,
      [movementId, capacity.seats, capacity.infantLaps, capacity.stretchers, capacity.wheelchairs],
    );
    return { overCapacity: rows[0]?.over_capacity ?? false };
  });
}

/** The counts of a movement's seats. `open`: held by somebody who is neither on board nor accounted for. */
export type SeatCounts = { households: number; people: number; open: number; onBoard: number } & GateCounts;

export async function countSeats(client: Queryable, movementId: string): Promise<SeatCounts> {
  const { rows } = await client.query<SeatCounts>(
    `select count(distinct j.household_id) filter (where s.status = any ($2::text[])) as households,
       count(*) filter (where s.status = any ($2::text[])) as people,
       count(*) filter (where s.status in ('reserved', 'checked_in')) as open,
       count(*) filter (where s.status in ('boarded', 'departed', 'arrived')) as "onBoard",
       count(*) filter (where s.status = 'checked_in') as "checkedIn",
       count(*) filter (where s.status in ('boarded', 'departed', 'arrived')) as boarded,
       count(*) filter (where s.status = 'no_show') as "noShow",
       count(*) filter (where s.status = 'denied') as denied,
       count(*) filter (where s.status = 'offloaded') as offloaded
     from seats s join journeys j on j.id = s.journey_id where s.movement_id = $1`,
    [movementId, HELD],
  );
  return (
    rows[0] ?? {
      households: 0,
      people: 0,
      open: 0,
      onBoard: 0,
      checkedIn: 0,
      boarded: 0,
      noShow: 0,
      denied: 0,
      offloaded: 0,
    }
  );
}

/**
 * Booked = boarded + no-show + denied + offloaded. `booked` comes from the last manifest and the rest from the seats, so
 * that each checks the other. A person who is not accounted for always shows, even if another count is too high by one.
 */
export async function reconcileSeats(
  pool: Queryable,
  movementId: string,
): Promise<Reconciliation & { unaccounted: number }> {
  const { rows } = await pool.query<{ booked: number }>(
    `select count(*) as booked from manifest_entries e
     where e.movement_id = $1 and e.version = (select max(version) from manifests where movement_id = $1)`,
    [movementId],
  );
  const booked = rows[0]?.booked ?? 0;
  const { boarded, noShow, denied, offloaded, open } = await countSeats(pool, movementId);
  const difference = booked - boarded - noShow - denied - offloaded;
  const unaccounted = Math.abs(difference) > open ? difference : open;
  return { booked, boarded, noShow, denied, offloaded, unaccounted };
}
