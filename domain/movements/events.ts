import type { z } from 'zod';
import { dataOf } from '../events.ts';
import type { EventHeader } from '../journeys/events.ts';
import type { Instant } from '../time.ts';
import { eventForms } from '../versioned.ts';
import { type CLEARANCE_KINDS, type DATA } from './events/define.ts';
import {
  bookingRecalled,
  carrierBooked,
  carrierMissing,
  carrierRefused,
  carrierRequested,
  clearanceGiven,
  clearanceLost,
  delayed,
  messageSetAside,
  movementCancelled,
  movementPlanned,
  vehicleChanged,
} from './events/planning.ts';
import {
  boardingOpened,
  householdOffBoard,
  movementArrived,
  movementClosed,
  movementDeparted,
  movementReconciled,
  receptionNotified,
  reconciliationBroken,
  scansApplied,
} from './events/running.ts';
import {
  householdReleased,
  manifestAmended,
  manifestLocked,
  manifestReopened,
  manifestReopeningRequested,
  seatsAllocated,
} from './events/seats.ts';
import {
  cancelRequestDismissed,
  cancelRequested,
  compensated,
  compensationFailed,
  waitDue,
  waitEscalated,
  waitReminded,
} from './events/waits.ts';

export { CARRIER_MESSAGE_KINDS, CLEARANCE_KINDS } from './events/define.ts';
export type ClearanceKind = (typeof CLEARANCE_KINDS)[number];
export type Capacity = z.infer<typeof DATA.capacity>;
export type GateCounts = z.infer<typeof DATA.gateCounts>;
export type Reconciliation = z.infer<typeof DATA.reconciliation>;

/** Every event of a movement. */
export const MOVEMENT_EVENTS = Object.freeze({
  movementPlanned,
  carrierRequested,
  carrierBooked,
  carrierRefused,
  carrierMissing,
  bookingRecalled,
  clearanceGiven,
  clearanceLost,
  vehicleChanged,
  delayed,
  seatsAllocated,
  householdReleased,
  manifestLocked,
  manifestAmended,
  manifestReopeningRequested,
  manifestReopened,
  boardingOpened,
  scansApplied,
  householdOffBoard,
  movementDeparted,
  receptionNotified,
  movementArrived,
  messageSetAside,
  movementReconciled,
  reconciliationBroken,
  movementCancelled,
  compensationFailed,
  compensated,
  movementClosed,
  waitReminded,
  waitDue,
  waitEscalated,
  cancelRequested,
  cancelRequestDismissed,
});

export const MOVEMENT_EVENT_DATA = dataOf(MOVEMENT_EVENTS);

/** How the data of a movement's events is written and read. */
export const MOVEMENT_EVENT_FORMS = eventForms('movement', MOVEMENT_EVENT_DATA);

export type MovementEvents = { [T in keyof typeof MOVEMENT_EVENT_DATA]: z.infer<(typeof MOVEMENT_EVENT_DATA)[T]> };

export type MovementEventType = keyof MovementEvents;
export type MovementEvent = {
  [T in MovementEventType]: EventHeader & { type: T; data: MovementEvents[T] };
}[MovementEventType];

export const SCAN_KINDS = ['check_in', 'board', 'no_show', 'deny', 'offload'] as const;

/** What a gate scanner or a list reports about one person. */
export type Scan = {
  scanId: string;
  journeyId: string;
  kind: (typeof SCAN_KINDS)[number];
  at: Instant;
  reasonCode?: string | undefined;
};
