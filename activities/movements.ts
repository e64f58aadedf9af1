import { heartbeat } from '@temporalio/activity';
import type { Actor } from '../domain/actor.ts';
import type { SeatKind } from '../domain/journeys/events.ts';
import type { Capacity, ClearanceKind, GateCounts, Reconciliation, Scan } from '../domain/movements/events.ts';
import { pendingNotifications, type SeatStatus } from '../domain/movements/scans.ts';
import type { Rules } from '../domain/rules.ts';
import type { Instant } from '../domain/time.ts';
import type { MovementUpdate } from '../workflows/messages.ts';

/** When and by whom a transaction is taken, in operation time. A repeated transaction changes nothing. */
export type Transaction = { movementId: string; at: Instant; actor: Actor };

/** The rules that the preconditions need. */
export type PreconditionRules = Pick<Rules, 'version' | 'legs' | 'documentValidityAfterArrival' | 'consentMaxAge'>;

export type AllocateInput = Transaction & {
  rules: PreconditionRules;
  /**
   * the manifest is locked: after a change to a smaller vehicle it is corrected under its next version, and nobody new
   * is seated
   */
  amend?: { version: number; rulesVersion: number };
};

/**
 * Totals after the transaction, so that it can be repeated if its answer was lost. `refused`: households considered and
 * not seated.
 */
export type AllocateResult = {
  households: number;
  people: number;
  refused: number;
  released: number;
  overCapacity: boolean;
  amended?: { version: number; people: number };
};

export type LockInput = Transaction & { version: number; rules: PreconditionRules };

/** `released`: households that held seats and did not meet the preconditions of `lock`. */
export type LockResult =
  | { outcome: 'locked'; version: number; people: number; released: string[] }
  | { outcome: 'nobody'; released: string[] }
  | { outcome: 'over_capacity' };

export type ReleaseInput = Transaction & {
  householdId: string;
  reasonCode: string;
  /** after the lock: the next version of the manifest, without them */
  amend?: { version: number; rulesVersion: number };
};

/**
 * `aboard`: members who have boarded and must be offloaded by hand. `amended`: the next version of the manifest, where
 * one was needed.
 */
export type ReleaseResult = { people: number; aboard: number; amended?: { version: number; people: number } };

export type ScanInput = Transaction & {
  rules: PreconditionRules;
  scans: readonly Scan[];
  /** the vehicle has left: a person who is scanned as on board now travelled with it */
  departed: boolean;
  /** households on board that must leave: the answer names those without anybody left on board */
  mustLeave: readonly string[];
};

export type ScanResult = GateCounts & { refused: number; offBoard: string[] };

export type DepartInput = Transaction & {
  rules: PreconditionRules;
  /** the carrier reports the departure: nothing can be refused any more, so violations become an alarm */
  already: boolean;
};

/** `refused` gives a reason that everybody may read. `unaccounted`: seats not accounted for. */
export type DepartResult =
  | { outcome: 'departed'; aboard: number; unaccounted: number }
  | { outcome: 'refused'; reason: string };

export type ArriveInput = Transaction & { stop: string; last: boolean; otherStops: readonly string[] };

/** A seat with updates that its journey has not received yet. */
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

/** Transactions on seats: each locks, checks, and either takes effect or says why not. */
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
   * Notifies the journey of each person of the status of their seat, in order, each step once even if retried.
   * `over`: journeys that have ended, which receive no more signals.
   */
  notifyJourneys(input: { movementId: string }): Promise<{ notified: number; over: number }>;
};

/** The ports of these notifications. */
export type SeatUpdatePort = {
  readPendingNotifications(movementId: string, limit: number): Promise<PendingSeatNotification[]>;
  markNotified(notified: ReadonlyArray<{ seatId: string; status: SeatStatus }>): Promise<void>;
  /** raises an alarm: a person is on a vehicle although their journey has ended */
  noteUndelivered(movementId: string, seats: readonly PendingSeatNotification[]): Promise<void>;
  /** signals one journey; `over` if it has ended */
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

/** The steps of a seat that its journey has not received yet, in order; the keys make them idempotent. */
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
