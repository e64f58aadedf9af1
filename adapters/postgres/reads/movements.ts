import type { Pool } from 'pg';
import type { SeatKind } from '../../../domain/journeys/events.ts';
import { type ClearanceKind, MOVEMENT_EVENT_FORMS } from '../../../domain/movements/events.ts';
import { type Place, STORED_MOVEMENT_ROUTE, type Stop } from '../../../domain/movements/route.ts';
import { emptyMovement, evolve, type MovementState, type MovementStatus } from '../../../domain/movements/state.ts';
import type { ManifestStatus, SeatStatus } from '../../../domain/movements/statuses.ts';
import { type Instant, iso } from '../../../domain/time.ts';
import type { MovementInput } from '../../../workflows/messages.ts';
import { epoch, transaction } from '../database.ts';
import { type ActorColumns, actorOf } from '../eventLog/eventLog.ts';

export type MovementRow = {
  id: string;
  operationId: string;
  reference: string;
  leg: string;
  mode: 'flight' | 'ship' | 'bus' | 'convoy';
  carrierId: string | null;
  origin: Place;
  destination: Place;
  /** each time with its offset */
  stops: Stop[];
  /** by stop, IANA time zones */
  timeZones: Record<string, string>;
  /** release of the time-zone table that was used */
  timeZoneTable: string | null;
  departsAt: Instant;
  arrivesAt: Instant;
  status: MovementStatus;
  forHouseholdsOf: string[] | null;
  acceptsNationalities: string[] | null;
  leaveAt: Record<string, string[]>;
  replacesId: string | null;
  capacity: { seats: number; infantLaps: number; stretchers: number; stretcherSeats: number; wheelchairs: number };
  taken: { seats: number; infantLaps: number; stretchers: number; wheelchairs: number };
  overCapacity: boolean;
  manifestVersion: number;
  manifestStatus: 'none' | ManifestStatus;
  bookingRef: string | null;
  seq: number;
};

export type MovementDetail = MovementRow & {
  clearances: Array<{
    kind: ClearanceKind;
    status: 'open' | 'given' | 'lost' | 'not_required';
    at: Instant | null;
    actor: string | null;
  }>;
  people: Record<string, number>;
};

export type NewMovement = Omit<
  MovementRow,
  'status' | 'taken' | 'overCapacity' | 'manifestVersion' | 'manifestStatus' | 'bookingRef' | 'seq'
> & {
  clearances: readonly ClearanceKind[];
  workflow: { id: string; taskQueue: string };
  input: MovementInput;
};

export type ManifestEntry = {
  position: number;
  personId: string;
  journeyId: string | null;
  householdId: string;
  reference: string;
  kind: SeatKind;
  status: SeatStatus | null;
};

const COLUMNS = `m.id, m.operation_id as "operationId", m.reference, m.leg, m.mode, m.carrier_id as "carrierId", m.origin, m.destination, m.stops,
  m.time_zones as "timeZones", m.time_zone_table as "timeZoneTable",
  ${epoch('m.departs_at', 'departsAt')}, ${epoch('m.arrives_at', 'arrivesAt')}, m.status, m.for_households_of as "forHouseholdsOf",
  m.accepts_nationalities as "acceptsNationalities", m.leave_at as "leaveAt", m.replaces_id as "replacesId",
  jsonb_build_object('seats', m.seat_capacity, 'infantLaps', m.infant_capacity, 'stretchers', m.stretcher_capacity,
    'stretcherSeats', m.stretcher_seats, 'wheelchairs', m.wheelchair_capacity) as capacity,
  jsonb_build_object('seats', m.seats_taken, 'infantLaps', m.infants_taken, 'stretchers', m.stretchers_taken, 'wheelchairs', m.wheelchairs_taken) as taken,
  m.over_capacity as "overCapacity", m.manifest_version as "manifestVersion", m.manifest_status as "manifestStatus", m.booking_ref as "bookingRef", m.seq`;

export function createMovements(pool: Pool) {
  return {
    async operationOf(id: string): Promise<string | undefined> {
      const { rows } = await pool.query<{ operation_id: string }>('select operation_id from movements where id = $1', [
        id,
      ]);
      return rows[0]?.operation_id;
    },

    /**
     * The row, its clearances and the order to start its workflow, in one transaction. `taken`: another movement has the
     * reference. Idempotent by id.
     */
    async plan(movement: NewMovement): Promise<'planned' | 'taken'> {
      return transaction(pool, async (client) => {
        const made = await client.query(
          `insert into movements (id, operation_id, reference, leg, mode, carrier_id, origin, destination, stops, departs_at, arrives_at,
             for_households_of, accepts_nationalities, leave_at, replaces_id, seat_capacity, infant_capacity, stretcher_capacity, stretcher_seats, wheelchair_capacity, time_zones, time_zone_table)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22) on conflict do nothing`,
          [
            movement.id,
            movement.operationId,
            movement.reference,
            movement.leg,
            movement.mode,
            movement.carrierId,
            JSON.stringify(movement.origin),
            JSON.stringify(movement.destination),
            JSON.stringify(movement.stops),
            iso(movement.departsAt),
            iso(movement.arrivesAt),
            movement.forHouseholdsOf,
            movement.acceptsNationalities,
            JSON.stringify(movement.leaveAt),
            movement.replacesId,
            movement.capacity.seats,
            movement.capacity.infantLaps,
            movement.capacity.stretchers,
            movement.capacity.stretcherSeats,
            movement.capacity.wheelchairs,
            JSON.stringify(movement.timeZones),
            movement.timeZoneTable,
          ],
        );
        if (made.rowCount === 0) {
          const { rowCount } = await client.query('select 1 from movements where id = $1', [movement.id]);
          return rowCount === 1 ? 'planned' : 'taken';
        }
        for (const kind of ['carrier' as const, ...movement.clearances.filter((kind) => kind !== 'carrier')]) {
          await client.query('insert into movement_clearances (movement_id, kind) values ($1, $2)', [
            movement.id,
            kind,
          ]);
        }
        await client.query(
          'insert into pending_starts (workflow_id, workflow, task_queue, input) values ($1, $2, $3, $4)',
          [movement.workflow.id, 'movement', movement.workflow.taskQueue, JSON.stringify(movement.input)],
        );
        return 'planned';
      });
    },

    /** By departure. */
    async list(
      operationId: string,
      filter: { status?: string; leg?: string },
      limit: number,
      from?: readonly [departs: number, id: string],
    ): Promise<MovementRow[]> {
      const { rows } = await pool.query<MovementRow>(
        `select ${COLUMNS} from movements m
          where m.operation_id = $1 and ($2::text is null or m.status = $2) and ($3::text is null or m.leg = $3)
            and ($4::text is null or (m.departs_at, m.id) > (to_timestamp($5::double precision / 1000), $4))
          order by m.departs_at, m.id limit $6`,
        [operationId, filter.status ?? null, filter.leg ?? null, from?.[1] ?? null, from?.[0] ?? null, limit + 1],
      );
      return rows.map(withRoute);
    },

    async read(id: string): Promise<MovementDetail | undefined> {
      const { rows } = await pool.query<MovementDetail>(
        `select ${COLUMNS},
           (select coalesce(jsonb_agg(jsonb_build_object('kind', c.kind, 'status', c.status, 'at', extract(epoch from c.at) * 1000, 'actor', c.actor) order by c.kind), '[]')
              from movement_clearances c where c.movement_id = m.id) as clearances,
           (select coalesce(jsonb_object_agg(s.status, s.n), '{}') from (select status, count(*) as n from seats where movement_id = m.id group by status) s) as people
         from movements m where m.id = $1`,
        [id],
      );
      return rows[0] && withRoute(rows[0]);
    },

    /** The state from the event log, by the workflow's own function. */
    async state(id: string): Promise<MovementState> {
      const { rows } = await pool.query<ActorColumns & { type: string; at: Date; data: unknown; data_version: number }>(
        'select type, at, actor, actor_kind, role, data, data_version from event_log where subject = $1 order by seq',
        [id],
      );
      return rows.reduce(
        (state, row) =>
          evolve(state, {
            ...MOVEMENT_EVENT_FORMS.read(row.type, row.data_version, row.data),
            at: row.at.getTime(),
            actor: actorOf(row),
          }),
        emptyMovement(),
      );
    },

    /** A locked version, or (version 0) the current seats. */
    async manifest(
      id: string,
      version: number,
    ): Promise<{ version: number; status: ManifestStatus; at: Instant | null; entries: ManifestEntry[] } | undefined> {
      if (version === 0) {
        const { rows } = await pool.query<ManifestEntry>(
          `select (row_number() over (order by h.priority, h.requested_at, h.id, s.journey_id))::integer as position, s.person_id as "personId",
                  s.journey_id as "journeyId", s.household_id as "householdId", h.reference, s.kind, s.status
             from seats s join households h on h.id = s.household_id where s.movement_id = $1 and s.status <> 'released' order by 1`,
          [id],
        );
        return { version: 0, status: 'draft', at: null, entries: rows };
      }
      const { rows: heads } = await pool.query<{ status: ManifestStatus; at: Date }>(
        'select status, at from manifests where movement_id = $1 and version = $2',
        [id, version],
      );
      const head = heads[0];
      if (!head) return undefined;
      const { rows } = await pool.query<ManifestEntry>(
        `select e.position, e.person_id as "personId", s.journey_id as "journeyId", e.household_id as "householdId", h.reference, e.kind, s.status
           from manifest_entries e join households h on h.id = e.household_id
           left join lateral (select journey_id, status from seats where movement_id = e.movement_id and person_id = e.person_id order by reserved_at desc limit 1) s on true
          where e.movement_id = $1 and e.version = $2 order by e.position`,
        [id, version],
      );
      return { version, status: head.status, at: head.at.getTime(), entries: rows };
    },

    /** Households that were not seated, with neutral reasons. */
    async refusals(
      id: string,
      limit: number,
      from?: string,
    ): Promise<Array<{ householdId: string; reference: string; reasons: unknown; at: Instant }>> {
      const { rows } = await pool.query(
        `select r.household_id as "householdId", h.reference, r.reasons, ${epoch('r.at', 'at')}
           from allocation_refusals r join households h on h.id = r.household_id
          where r.movement_id = $1 and ($2::text is null or r.household_id > $2) order by r.household_id limit $3`,
        [id, from ?? null, limit + 1],
      );
      return rows;
    },

    /** The journey of each person in the movement's operation; people without one are left out. */
    async journeysOf(operationId: string, personIds: readonly string[]): Promise<Map<string, string>> {
      const { rows } = await pool.query<{ person_id: string; id: string }>(
        `select distinct on (person_id) person_id, id from journeys where operation_id = $1 and person_id = any($2)
          order by person_id, (ending is null) desc, registered_at desc`,
        [operationId, personIds],
      );
      return new Map(rows.map((row) => [row.person_id, row.id]));
    },
  };
}

const withRoute = <R extends MovementRow>(row: R): R => ({ ...row, ...STORED_MOVEMENT_ROUTE.read(row) });

export type Movements = ReturnType<typeof createMovements>;
