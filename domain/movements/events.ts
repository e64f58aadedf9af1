import type { EventHeader } from '../journeys/events.ts';
import type { Instant } from '../time.ts';

export type Capacity = { seats: number; infantLaps: number; stretchers: number; wheelchairs: number };

export const CLEARANCE_KINDS = ['carrier', 'permit', 'security', 'receiving_state', 'reception'] as const;
export type ClearanceKind = (typeof CLEARANCE_KINDS)[number];

/** News of a carrier, by kind. */
export type CarrierMessageKind = 'smaller_vehicle' | 'delayed' | 'cancelled' | 'departed' | 'arrived';

/**
 * How the seats of a movement stand after a step: totals, never differences, so that a step whose answer was lost can
 * be taken again and its event still says the truth.
 */
export type GateCounts = { checkedIn: number; boarded: number; noShow: number; denied: number; offloaded: number };

/** What can be true of a movement. Counts and ids: its people stand in seats, which claims write before the event. */
export type MovementEvents = {
  /** `clearances`: the kinds that must be given before anybody boards; the carrier's is always among them */
  movementPlanned: {
    leg: string;
    departsAt: Instant;
    arrivesAt: Instant;
    capacity: Capacity;
    stops: string[];
    clearances: ClearanceKind[];
  };
  carrierRequested: { requestId: string; partnerId: string; round: number };
  carrierBooked: { requestId?: string; bookingRef: string };
  carrierRefused: { requestId: string; reason: string };
  /** nobody can be asked: the operation has no such partner, or no agreement with it */
  carrierMissing: { partnerId: string };
  bookingRecalled: { requestId: string };
  clearanceGiven: { kind: ClearanceKind };
  clearanceLost: { kind: ClearanceKind };
  vehicleChanged: { seats: number; capacity: Capacity; overCapacity: boolean };
  delayed: { departsAt: Instant; arrivesAt: Instant };
  /** all who hold a seat now; `released`: units that had to leave a smaller vehicle; `refused`: units that were looked at and not seated */
  seatsAllocated: { households: number; people: number; refused: number; released: number; overCapacity: boolean };
  /** `aboard`: members who have boarded and must be brought off by hand */
  householdReleased: { householdId: string; people: number; aboard: number };
  /** `released`: households that held seats and did not pass the gate */
  manifestLocked: { version: number; people: number; released: number };
  /** seats left after the lock: the same manifest less those people, under the next version */
  manifestAmended: { version: number; people: number };
  /** one of the two roles that a change after the lock needs has asked for it */
  manifestReopeningRequested: { by: string; role: string };
  manifestReopened: { version: number };
  boardingOpened: Record<never, never>;
  scansApplied: GateCounts & { refused: number };
  /** everybody of a unit that had to leave is off the vehicle */
  householdOffBoard: { householdId: string };
  /** `unaccounted`: people with a seat of whom nobody has said whether they are on board */
  movementDeparted: { aboard: number; unaccounted: number };
  /** the agency that receives people knows how many come */
  receptionNotified: { requestId: string; partnerId: string };
  movementArrived: { stop: string; last: boolean; alighted: number };
  /** what a carrier said out of its order: kept, and never applied by itself */
  messageSetAside: { eventKey: string; kind: CarrierMessageKind; why: string };
  movementReconciled: Reconciliation;
  reconciliationBroken: Reconciliation & { unaccounted: number };
  /** `byCarrier`: then there is no booking to give back */
  movementCancelled: { released: number; byCarrier: boolean };
  /** something done could not be compensated yet; a person has the task, and it is tried again */
  compensationFailed: { step: string };
  compensated: { step: string };
  movementClosed: Record<never, never>;
  waitReminded: { key: string };
  waitDue: { key: string };
  waitEscalated: { key: string };
};

export type Reconciliation = { booked: number; boarded: number; noShow: number; denied: number; offloaded: number };

export type MovementEventType = keyof MovementEvents;
export type MovementEventOf<T extends MovementEventType> = EventHeader & { type: T; data: MovementEvents[T] };
export type MovementEvent = { [T in MovementEventType]: MovementEventOf<T> }[MovementEventType];

/** What a gate scanner or a list says of one person at the gate. */
export type Scan = {
  scanId: string;
  journeyId: string;
  kind: 'check_in' | 'board' | 'no_show' | 'deny' | 'offload';
  at: Instant;
  reasonCode?: string;
};
