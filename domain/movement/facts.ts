import type { FactHeader, SeatKind } from '../journey/facts.ts';
import type { Instant } from '../time.ts';

export type Capacity = { seats: number; infantLaps: number; stretchers: number; wheelchairs: number };

export type ClearanceKind = 'carrier' | 'permit' | 'security' | 'receiving_state' | 'reception';

/** What can be true of a movement. */
export type MovementFacts = {
  movementPlanned: { stage: string; departsAt: Instant; arrivesAt: Instant; capacity: Capacity };
  carrierAsked: { requestId: string; partnerId: string };
  carrierBooked: { requestId?: string; bookingRef: string };
  carrierRefused: { requestId: string; reason: string };
  clearanceGiven: { kind: ClearanceKind };
  clearanceLost: { kind: ClearanceKind };
  vehicleChanged: { seats: number; capacity: Capacity; overCapacity: boolean };
  delayed: { departsAt: Instant; arrivesAt: Instant };
  seatsAllocated: { households: number; people: number; refused: number };
  unitReleased: { householdId: string };
  manifestLocked: { version: number; people: number };
  manifestReopened: { version: number };
  boardingOpened: Record<never, never>;
  scansApplied: { checkedIn: number; boarded: number; noShow: number; denied: number; offloaded: number };
  movementDeparted: { aboard: number };
  movementArrived: { stop: string; last: boolean; alighted: number };
  movementReconciled: { booked: number; boarded: number; noShow: number; denied: number; offloaded: number };
  reconciliationBroken: { booked: number; boarded: number; noShow: number; denied: number; offloaded: number; unaccounted: number };
  movementCancelled: { released: number };
  movementClosed: Record<never, never>;
  waitReminded: { key: string };
  waitDue: { key: string };
  waitEscalated: { key: string };
};

export type MovementFactType = keyof MovementFacts;
export type MovementFact = { [T in MovementFactType]: FactHeader & { type: T; data: MovementFacts[T] } }[MovementFactType];

/** What a gate scanner or a list says of one person at the gate. */
export type Scan = {
  scanId: string;
  journeyId: string;
  kind: 'check_in' | 'board' | 'no_show' | 'deny' | 'offload';
  at: Instant;
  reasonCode?: string;
};

export type AssignedSeat = { journeyId: string; householdId: string; seatId: string; kind: SeatKind };
