import type { FreeCapacity, Lists } from '../../domain/movements/allocation.ts';
import type { Capacity, ClearanceKind, MovementEvent } from '../../domain/movements/events.ts';
import type { MovementRoute } from '../../domain/movements/route.ts';
import type { MovementStatus } from '../../domain/movements/state.ts';
import type { ClearanceStatus, ManifestStatus, MovementMode, SeatStatus } from '../../domain/movements/statuses.ts';
import type { Instant } from '../../domain/time.ts';
import type { RefusedHousehold, Seat } from './seats.ts';

/** A movement as it is planned; each time of its stops with an offset. */
export type MovementPlan = MovementRoute & {
  reference: string;
  leg: string;
  mode: MovementMode;
  carrierId: string | null;
  replacesId: string | null;
  capacity: FreeCapacity;
} & Lists;

export type Movement = MovementPlan & {
  id: string;
  operationId: string;
  /** release of the time-zone table that was used */
  timeZoneTable: string | null;
  departsAt: Instant;
  arrivesAt: Instant;
  status: MovementStatus;
  taken: Capacity;
  overCapacity: boolean;
  manifestVersion: number;
  manifestStatus: 'none' | ManifestStatus;
  bookingRef: string | null;
  seq: number;
};

export type MovementDetail = Movement & {
  clearances: Array<{ kind: ClearanceKind; status: ClearanceStatus; at: Instant | null; actor: string | null }>;
  people: Partial<Record<SeatStatus, number>>;
};

/** A seat of a version; without journey and status where the person has no seat any more. */
export type ManifestEntry = Pick<Seat, 'householdId' | 'kind'> & {
  position: number;
  personId: string;
  journeyId: string | null;
  reference: string;
  status: SeatStatus | null;
};

export type Manifest = { version: number; status: ManifestStatus; at: Instant | null; entries: ManifestEntry[] };

/** Lists give one more than `limit`. */
export type MovementReads = {
  operationOf(id: string): Promise<string | undefined>;
  /** By departure. */
  list(
    operationId: string,
    filter: { status?: MovementStatus | undefined; leg?: string | undefined },
    limit: number,
    after?: readonly [departs: number, id: string],
  ): Promise<Movement[]>;
  read(id: string): Promise<MovementDetail | undefined>;
  events(id: string): Promise<MovementEvent[]>;
  /** A locked version, or (version 0) the current seats. */
  manifest(id: string, version: number): Promise<Manifest | undefined>;
  /** Households that were not seated, with neutral reasons. */
  refusals(
    id: string,
    limit: number,
    after?: string,
  ): Promise<Array<RefusedHousehold & { reference: string; at: Instant }>>;
  /** The journey of each person in the movement's operation; people without one are left out. */
  journeysOf(operationId: string, personIds: readonly string[]): Promise<Map<string, string>>;
};
