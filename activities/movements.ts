import { heartbeat } from '@temporalio/activity';
import type { Actor } from '../domain/actor.ts';
import type { SeatKind } from '../domain/journey/facts.ts';
import type { Capacity, ClearanceKind, GateCounts, Reconciliation, Scan } from '../domain/movement/facts.ts';
import { type SeatStatus, untold } from '../domain/movement/scans.ts';
import type { Rules } from '../domain/rules.ts';
import type { Instant } from '../domain/time.ts';
import type { TravelNews } from '../workflows/messages.ts';

/** When and through whom a claim is taken, in operation time. The same claim taken again changes nothing more. */
export type Claim = { movementId: string; at: Instant; actor: Actor };

/** What the gate needs to know of the rules. */
export type GateRules = Pick<Rules, 'version' | 'stages' | 'documentValidityAfterArrival' | 'consentMaxAge'>;

export type AllocateInput = Claim & {
  rules: GateRules;
  /** the manifest is locked: a vehicle that became too small is mended under its next version, and nobody new is seated */
  amend?: { version: number; rulesVersion: number };
};

/** Totals after the claim, so that it may be taken again when its answer was lost. `refused`: households looked at and not seated. */
export type AllocateResult = {
  households: number;
  people: number;
  refused: number;
  released: number;
  overCapacity: boolean;
  amended?: { version: number; people: number };
};

export type LockInput = Claim & { version: number; rules: GateRules };

/** `released`: households that held seats and did not pass the gate `lock`. */
export type LockResult =
  | { outcome: 'locked'; version: number; people: number; released: string[] }
  | { outcome: 'nobody'; released: string[] }
  | { outcome: 'over_capacity' };

export type ReleaseInput = Claim & {
  householdId: string;
  reasonCode: string;
  /** after the lock: the version under which the manifest goes on without them */
  amend?: { version: number; rulesVersion: number };
};

/** `aboard`: members who have boarded and must be brought off by hand. `amended`: the next manifest, where one was needed. */
export type ReleaseResult = { people: number; aboard: number; amended?: { version: number; people: number } };

export type ScanInput = Claim & {
  rules: GateRules;
  scans: readonly Scan[];
  /** the vehicle has left: who is scanned as on board now went with it */
  departed: boolean;
  /** households on board that must leave: the answer names those of whom nobody is on board any more */
  mustLeave: readonly string[];
};

export type ScanResult = GateCounts & { refused: number; offBoard: string[] };

export type DepartInput = Claim & {
  rules: GateRules;
  /** the vehicle has left already, somebody else says: nothing can be refused any more, what was wrong becomes an alarm */
  already: boolean;
};

/** `refused` says why in words that everybody may read. `unaccounted`: seats of whom nobody has said whether they came. */
export type DepartResult =
  | { outcome: 'departed'; aboard: number; unaccounted: number }
  | { outcome: 'refused'; reason: string };

export type ArriveInput = Claim & { stop: string; last: boolean; otherStops: readonly string[] };

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

/** Claims on seats: each is one transaction that locks, checks and either takes or says why not. */
export type SeatClaims = {
  writeClearance(input: Claim & { kind: ClearanceKind; status: 'given' | 'lost' }): Promise<void>;
  changeVehicle(input: { movementId: string; capacity: Capacity }): Promise<{ overCapacity: boolean }>;
  allocateSeats(input: AllocateInput): Promise<AllocateResult>;
  lockManifest(input: LockInput): Promise<LockResult>;
  releaseUnit(input: ReleaseInput): Promise<ReleaseResult>;
  releaseAll(input: Claim & { reasonCode: string }): Promise<{ released: number }>;
  applyScans(input: ScanInput): Promise<ScanResult>;
  departSeats(input: DepartInput): Promise<DepartResult>;
  arriveSeats(input: ArriveInput): Promise<{ alighted: number }>;
  reconcileSeats(input: { movementId: string }): Promise<Reconciliation & { unaccounted: number }>;
};

export type MovementActivities = SeatClaims & {
  /**
   * Tells the journey of each person how their seat has come to stand, in order, each step once whatever the number of
   * tries. `over`: journeys that have ended, and hear nothing any more.
   */
  tellJourneys(input: { movementId: string }): Promise<{ told: number; over: number }>;
};

/** What telling needs. */
export type SeatNewsPort = {
  readUntold(movementId: string, limit: number): Promise<UntoldSeat[]>;
  markTold(told: ReadonlyArray<{ seatId: string; status: SeatStatus }>): Promise<void>;
  /** a person who sits on a vehicle while their journey is over: somebody must know */
  noteUndelivered(movementId: string, seats: readonly UntoldSeat[]): Promise<void>;
  /** signals one journey; `over` where it has ended */
  tellJourney(journeyId: string, news: TravelNews[]): Promise<'told' | 'over'>;
};

const TOLD_AT_ONCE = 20;
const READ_AT_ONCE = 500;

/** Statuses in which a person is, or will be, on the vehicle. */
const TRAVELLING: readonly SeatStatus[] = ['claimed', 'checked_in', 'boarded', 'departed', 'arrived'];

export function movementActivities(claims: SeatClaims, news: SeatNewsPort): MovementActivities {
  return {
    ...claims,
    async tellJourneys({ movementId }) {
      const counts = { told: 0, over: 0 };
      for (;;) {
        const seats = await news.readUntold(movementId, READ_AT_ONCE);
        if (seats.length === 0) return counts;
        for (let from = 0; from < seats.length; from += TOLD_AT_ONCE) {
          const batch = seats.slice(from, from + TOLD_AT_ONCE);
          const answers = await Promise.all(
            batch.map((seat) => news.tellJourney(seat.journeyId, newsOf(movementId, seat))),
          );
          const over = batch.filter((_seat, i) => answers[i] === 'over');
          await news.noteUndelivered(
            movementId,
            over.filter((seat) => TRAVELLING.includes(seat.status)),
          );
          await news.markTold(batch);
          counts.told += batch.length - over.length;
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

/** What a journey has not heard of its seat yet, in order; the keys make twice once. */
export function newsOf(movementId: string, seat: UntoldSeat): TravelNews[] {
  return untold(seat.told, seat.status).map((status): TravelNews => {
    const header = {
      key: `${movementId}:${seat.seatId}:${status}`,
      at: seat.at,
      actor: seat.actor,
      ...(seat.reasonCode === null || status !== seat.status ? {} : { reasonCode: seat.reasonCode }),
    };
    if (status === 'claimed')
      return { ...header, news: { kind: 'seatAssigned', movementId, stage: seat.stage, seat: seat.kind } };
    if (status === 'arrived') return { ...header, news: { kind: 'arrived', movementId, stage: seat.stage } };
    return { ...header, news: { kind: KINDS[status], movementId } };
  });
}
