import { heartbeat } from '@temporalio/activity';
import type { Actor } from '../domain/actor.ts';
import type { SeatKind } from '../domain/journeys/events.ts';
import type { Capacity, ClearanceKind, GateCounts, Reconciliation, Scan } from '../domain/movements/events.ts';
import { pendingNotifications, type SeatStatus } from '../domain/movements/scans.ts';
import type { Rules } from '../domain/rules.ts';
import type { Instant } from '../domain/time.ts';
import type { MovementUpdate } from '../workflows/messages.ts';

/** When and through whom a transaction is taken, in operation time. The same transaction taken again changes nothing more. */
export type Transaction = { movementId: string; at: Instant; actor: Actor };

/** What the gate needs to know of the rules. */
export type PreconditionRules = Pick<Rules, 'version' | 'legs' | 'documentValidityAfterArrival' | 'consentMaxAge'>;

export type AllocateInput = Transaction & {
  rules: PreconditionRules;
  /** the manifest is locked: a vehicle that became too small is corrected under its next version, and nobody new is seated */
  amend?: { version: number; rulesVersion: number };
};

/** Totals after the transaction, so that it may be taken again when its answer was lost. `refused`: households looked at and not seated. */
export type AllocateResult = {
  households: number;
  people: number;
  refused: number;
  released: number;
  overCapacity: boolean;
  amended?: { version: number; people: number };
};

export type LockInput = Transaction & { version: number; rules: PreconditionRules };

/** `released`: households that held seats and did not pass the gate `lock`. */
export type LockResult =
  | { outcome: 'locked'; version: number; people: number; released: string[] }
  | { outcome: 'nobody'; released: string[] }
  | { outcome: 'over_capacity' };

export type ReleaseInput = Transaction & {
  householdId: string;
  reasonCode: string;
  /** after the lock: the version under which the manifest goes on without them */
  amend?: { version: number; rulesVersion: number };
};

/** `aboard`: members who have boarded and must be brought off by hand. `amended`: the next manifest, where one was needed. */
export type ReleaseResult = { people: number; aboard: number; amended?: { version: number; people: number } };

export type ScanInput = Transaction & {
  rules: PreconditionRules;
  scans: readonly Scan[];
  /** the vehicle has left: who is scanned as on board now went with it */
  departed: boolean;
  /** households on board that must leave: the answer names those of whom nobody is on board any more */
  mustLeave: readonly string[];
};

export type ScanResult = GateCounts & { refused: number; offBoard: string[] };

export type DepartInput = Transaction & {
  rules: PreconditionRules;
  /** the vehicle has left already, somebody else says: nothing can be refused any more, what was wrong becomes an alarm */
  already: boolean;
};

/** `refused` says why in words that everybody may read. `unaccounted`: seats of whom nobody has said whether they came. */
export type DepartResult =
  | { outcome: 'departed'; aboard: number; unaccounted: number }
  | { outcome: 'refused'; reason: string };

export type ArriveInput = Transaction & { stop: string; last: boolean; otherStops: readonly string[] };

/** A seat of which its person's journey has not seen everything. */
export type PendingSeatNotification = {
  seatId: string;
  journeyId: string;
  kind: SeatKind;
  leg: string;
  status: SeatStatus;
  notified: SeatStatus | null;
  at: Instant;
  actor: Actor;
  reasonCode: string | null;
};

/** TokenClaims on seats: each is one transaction that locks, checks and either takes or says why not. */
export type SeatTransactions = {
  writeClearance(input: Transaction & { kind: ClearanceKind; status: 'given' | 'lost' }): Promise<void>;
  changeVehicle(input: { movementId: string; capacity: Capacity }): Promise<{ overCapacity: boolean }>;
  allocateSeats(input: AllocateInput): Promise<AllocateResult>;
  lockManifest(input: LockInput): Promise<LockResult>;
  releaseHousehold(input: ReleaseInput): Promise<ReleaseResult>;
  releaseAll(input: Transaction & { reasonCode: string }): Promise<{ released: number }>;
  applyScans(input: ScanInput): Promise<ScanResult>;
  departSeats(input: DepartInput): Promise<DepartResult>;
  arriveSeats(input: ArriveInput): Promise<{ alighted: number }>;
  reconcileSeats(input: { movementId: string }): Promise<Reconciliation & { unaccounted: number }>;
};

export type MovementActivities = SeatTransactions & {
  /**
   * Tells the journey of each person how their seat has come to stand, in order, each step once whatever the number of
   * tries. `over`: journeys that have ended, and hear nothing any more.
   */
  notifyJourneys(input: { movementId: string }): Promise<{ notified: number; over: number }>;
};

/** What telling needs. */
export type SeatUpdatePort = {
  readPendingNotifications(movementId: string, limit: number): Promise<PendingSeatNotification[]>;
  markNotified(notified: ReadonlyArray<{ seatId: string; status: SeatStatus }>): Promise<void>;
  /** a person who sits on a vehicle while their journey is over: somebody must know */
  noteUndelivered(movementId: string, seats: readonly PendingSeatNotification[]): Promise<void>;
  /** signals one journey; `over` where it has ended */
  notifyJourney(journeyId: string, update: MovementUpdate[]): Promise<'notified' | 'over'>;
};

const NOTIFIED_AT_ONCE = 20;
const READ_AT_ONCE = 500;

/** Statuses in which a person is, or will be, on the vehicle. */
const TRAVELLING: readonly SeatStatus[] = ['reserved', 'checked_in', 'boarded', 'departed', 'arrived'];

export function movementActivities(transactions: SeatTransactions, update: SeatUpdatePort): MovementActivities {
  return {
    ...transactions,
    async notifyJourneys({ movementId }) {
      const counts = { notified: 0, over: 0 };
      for (;;) {
        const seats = await update.readPendingNotifications(movementId, READ_AT_ONCE);
        if (seats.length === 0) return counts;
        for (let from = 0; from < seats.length; from += NOTIFIED_AT_ONCE) {
          const batch = seats.slice(from, from + NOTIFIED_AT_ONCE);
          const answers = await Promise.all(
            batch.map((seat) => update.notifyJourney(seat.journeyId, updatesOf(movementId, seat))),
          );
          const over = batch.filter((_seat, i) => answers[i] === 'over');
          await update.noteUndelivered(
            movementId,
            over.filter((seat) => TRAVELLING.includes(seat.status)),
          );
          await update.markNotified(batch);
          counts.notified += batch.length - over.length;
          counts.over += over.length;
          heartbeat(counts);
        }
      }
    },
  };
}

const KINDS = {
  released: 'seatReleased',
  checked_in: 'checkedIn',
  boarded: 'boarded',
  no_show: 'noShow',
  denied: 'deniedBoarding',
  offloaded: 'offloaded',
  departed: 'departed',
} as const;

/** What a journey has not seen of its seat yet, in order; the keys make twice once. */
export function updatesOf(movementId: string, seat: PendingSeatNotification): MovementUpdate[] {
  return pendingNotifications(seat.notified, seat.status).map((status): MovementUpdate => {
    const header = {
      key: `${movementId}:${seat.seatId}:${status}`,
      at: seat.at,
      actor: seat.actor,
      ...(seat.reasonCode === null || status !== seat.status ? {} : { reasonCode: seat.reasonCode }),
    };
    if (status === 'reserved')
      return { ...header, update: { kind: 'seatAssigned', movementId, leg: seat.leg, seat: seat.kind } };
    if (status === 'arrived') return { ...header, update: { kind: 'arrived', movementId, leg: seat.leg } };
    return { ...header, update: { kind: KINDS[status], movementId } };
  });
}
