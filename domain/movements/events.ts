import { z } from 'zod';
import { eventForms } from '../eventForms.ts';
import type { EventHeader } from '../journeys/events.ts';
import type { Instant } from '../time.ts';

const count = (what: string) => z.number().describe(what);

const Capacity = z
  .object({
    seats: count('seats'),
    infantLaps: count('infants on a lap'),
    stretchers: count('stretchers'),
    wheelchairs: count('wheelchairs'),
  })
  .describe('how many the vehicle holds');
export type Capacity = z.infer<typeof Capacity>;

export const CLEARANCE_KINDS = ['carrier', 'permit', 'security', 'receiving_state', 'reception'] as const;
export type ClearanceKind = (typeof CLEARANCE_KINDS)[number];

/** Messages of a carrier, by kind. */
export const CARRIER_MESSAGE_KINDS = ['smaller_vehicle', 'delayed', 'cancelled', 'departed', 'arrived'] as const;

/**
 * Counts of a movement's seats after a step. They are totals, never differences, so a repeated step writes a correct
 * event.
 */
const GateCounts = z.object({
  checkedIn: count('people checked in'),
  boarded: count('people on board'),
  noShow: count('people who did not come'),
  denied: count('people who were denied boarding'),
  offloaded: count('people who left the vehicle before departure'),
});
export type GateCounts = z.infer<typeof GateCounts>;

const Reconciliation = z.object({
  booked: count('people booked'),
  boarded: count('people who boarded'),
  noShow: count('people who did not come'),
  denied: count('people who were denied boarding'),
  offloaded: count('people who left the vehicle before departure'),
});
export type Reconciliation = z.infer<typeof Reconciliation>;

const RequestId = z.string().describe('id of the request');
const PartnerId = z.string().describe('id of the partner');
const HouseholdId = z.string().describe('id of the household');
const ClearanceKind = z.enum(CLEARANCE_KINDS).describe('the kind of clearance');
const DepartsAt = z.number().describe('departure, operation time in epoch milliseconds');
const ArrivesAt = z.number().describe('arrival, operation time in epoch milliseconds');
const ManifestVersion = z.number().describe('version of the manifest');
const People = z.number().describe('people concerned');
const OverCapacity = z.boolean().describe('whether more people hold seats than the vehicle has');
const Step = z.string().describe('the step');
const WaitKey = z.string().describe('key of the wait');

/** The data of a movement's events, by type. The table of seats names the people; it is written before the event. */
export const MOVEMENT_EVENT_DATA = Object.freeze({
  movementPlanned: z
    .object({
      leg: z.string().describe('code of the leg of the route'),
      departsAt: DepartsAt,
      arrivesAt: ArrivesAt,
      capacity: Capacity,
      stops: z.array(z.string()).describe('codes of the stops in order, the last one the destination'),
      clearances: z
        .array(z.enum(CLEARANCE_KINDS))
        .describe("the clearances needed before boarding; the carrier's is always one of them"),
    })
    .describe('The movement is planned.'),
  carrierRequested: z
    .object({
      requestId: RequestId,
      partnerId: PartnerId,
      round: z.number().describe('how often it was requested, from 1'),
    })
    .describe('The carrier receives a booking request.'),
  carrierBooked: z
    .object({
      requestId: RequestId.optional(),
      bookingRef: z.string().describe('reference of the carrier'),
    })
    .describe('The carrier has confirmed the booking.'),
  carrierRefused: z
    .object({
      requestId: RequestId,
      reason: z.string().describe('code of the reason'),
    })
    .describe('The carrier refuses the booking.'),
  carrierMissing: z
    .object({
      partnerId: PartnerId,
    })
    .describe('The booking cannot be requested: the operation has no carrier, or no agreement with it.'),
  bookingRecalled: z.object({ requestId: RequestId }).describe('The booking is recalled.'),
  clearanceGiven: z.object({ kind: ClearanceKind }).describe('A clearance is given.'),
  clearanceLost: z.object({ kind: ClearanceKind }).describe('A clearance is no longer valid.'),
  vehicleChanged: z
    .object({
      seats: z.number().describe('seats of the vehicle'),
      capacity: Capacity,
      overCapacity: OverCapacity,
    })
    .describe('The carrier sends another vehicle.'),
  delayed: z.object({ departsAt: DepartsAt, arrivesAt: ArrivesAt }).describe('The carrier moves the times.'),
  seatsAllocated: z
    .object({
      households: z.number().describe('households that hold seats now'),
      people: z.number().describe('people who hold seats now'),
      refused: z.number().describe('households that were considered and not seated'),
      released: z.number().describe('households that had to leave a smaller vehicle'),
      overCapacity: OverCapacity,
    })
    .describe('Seats are reserved for whole households.'),
  householdReleased: z
    .object({
      householdId: HouseholdId,
      people: People,
      aboard: z.number().describe('members who have boarded and must be offloaded by hand'),
    })
    .describe('The seats of a household are released.'),
  manifestLocked: z
    .object({
      version: ManifestVersion,
      people: People,
      released: z.number().describe('households that held seats and did not meet the preconditions'),
    })
    .describe('The manifest is locked.'),
  manifestAmended: z
    .object({
      version: ManifestVersion,
      people: People,
    })
    .describe('People left after the lock: the same manifest without them, under the next version.'),
  manifestReopeningRequested: z
    .object({
      by: z.string().describe('who requests the change'),
      role: z.string().describe('under which role'),
    })
    .describe('The first of the two roles that a change after the lock needs approves it.'),
  manifestReopened: z.object({ version: ManifestVersion }).describe('The manifest is open again.'),
  boardingOpened: z.object({}).describe('Boarding begins.'),
  scansApplied: GateCounts.extend({ refused: z.number().describe('scans that were refused') }).describe(
    'Scans of the gate are applied.',
  ),
  householdOffBoard: z
    .object({
      householdId: HouseholdId,
    })
    .describe('Every member of a household that had to leave is offloaded.'),
  movementDeparted: z
    .object({
      aboard: z.number().describe('people on board'),
      unaccounted: z.number().describe('people with a seat and no record of boarding, no-show, denial or offload'),
    })
    .describe('The movement departs.'),
  receptionNotified: z
    .object({
      requestId: RequestId,
      partnerId: PartnerId,
    })
    .describe('The receiving agency is notified of the number of people.'),
  movementArrived: z
    .object({
      stop: z.string().describe('code of the stop'),
      last: z.boolean().describe('whether it is the destination'),
      alighted: z.number().describe('people who left the vehicle'),
    })
    .describe('The movement arrives at a stop.'),
  messageSetAside: z
    .object({
      eventKey: z.string().describe('key of the message'),
      kind: z.enum(CARRIER_MESSAGE_KINDS).describe('what was reported'),
      why: z.string().describe('why it was not applied'),
    })
    .describe('The carrier reports something out of order: the report is recorded and not applied.'),
  movementReconciled: Reconciliation.describe('Every seat is accounted for.'),
  reconciliationBroken: Reconciliation.extend({
    unaccounted: z.number().describe('seats not accounted for'),
  }).describe('Some seats are not accounted for.'),
  movementCancelled: z
    .object({
      released: z.number().describe('households that held seats'),
      byCarrier: z.boolean().describe('whether the carrier cancelled it; then no booking is recalled'),
    })
    .describe('The movement is cancelled.'),
  compensationFailed: z
    .object({
      step: Step,
    })
    .describe('A step could not be compensated yet: a task is open, and the compensation is retried.'),
  compensated: z.object({ step: Step }).describe('A step is compensated.'),
  movementClosed: z.object({}).describe('The movement is closed.'),
  waitReminded: z.object({ key: WaitKey }).describe('A reminder of a wait is due.'),
  waitDue: z.object({ key: WaitKey }).describe('A wait is overdue.'),
  waitEscalated: z.object({ key: WaitKey }).describe('An overdue wait is escalated.'),
  cancelRequested: z.object({}).describe('Somebody asked Temporal to cancel the workflow; nothing is cancelled by it.'),
  cancelRequestDismissed: z.object({}).describe('A person decided that the movement goes on.'),
});

/** How the data of a movement's events is written and read. */
export const MOVEMENT_EVENT_FORMS = eventForms('movement', MOVEMENT_EVENT_DATA);

export type MovementEvents = { [T in keyof typeof MOVEMENT_EVENT_DATA]: z.infer<(typeof MOVEMENT_EVENT_DATA)[T]> };

export type MovementEventType = keyof MovementEvents;
export type MovementEventOf<T extends MovementEventType> = EventHeader & { type: T; data: MovementEvents[T] };
export type MovementEvent = { [T in MovementEventType]: MovementEventOf<T> }[MovementEventType];

/** What a gate scanner or a list reports about one person. */
export type Scan = {
  scanId: string;
  journeyId: string;
  kind: 'check_in' | 'board' | 'no_show' | 'deny' | 'offload';
  at: Instant;
  reasonCode?: string;
};
