import { z } from 'zod';
import { CARRIER_MESSAGE_KINDS, CLEARANCE_KINDS, DATA, defineEvent } from './define.ts';

export const movementPlanned = defineEvent({
  data: z
    .object({
      leg: z.string().describe('code of the leg of the route'),
      departsAt: DATA.departsAt,
      arrivesAt: DATA.arrivesAt,
      capacity: DATA.capacity,
      stops: z.array(z.string()).describe('codes of the stops in order, the last one the destination'),
      clearances: z
        .array(z.enum(CLEARANCE_KINDS))
        .describe("the clearances needed before boarding; the carrier's is always one of them"),
    })
    .describe('The movement is planned.'),
  effects: { partnerEvent: { type: 'movement.planned', fields: ['leg'] } },
  evolve: (_state, data) => ({
    leg: data.leg,
    stops: data.stops,
    departsAt: data.departsAt,
    arrivesAt: data.arrivesAt,
    capacity: data.capacity,
    clearances: Object.fromEntries(['carrier', ...data.clearances].map((kind) => [kind, 'open'])),
  }),
});

export const carrierRequested = defineEvent({
  data: z
    .object({
      requestId: DATA.requestId,
      partnerId: DATA.partnerId,
      round: z.number().describe('how often it was requested, from 1'),
    })
    .describe('The carrier receives a booking request.'),
  evolve: (state, data) => ({
    booking: {
      ...state.booking,
      status: 'requested',
      round: data.round,
      requestId: data.requestId,
      partnerId: data.partnerId,
    },
  }),
});

export const carrierBooked = defineEvent({
  data: z
    .object({
      requestId: DATA.requestId.optional(),
      bookingRef: z.string().describe('reference of the carrier'),
    })
    .describe('The carrier has confirmed the booking.'),
  evolve: (state, data) => ({
    booking: { ...state.booking, status: 'booked', bookingRef: data.bookingRef },
    clearances: { ...state.clearances, carrier: 'given' },
  }),
});

export const carrierRefused = defineEvent({
  data: z
    .object({
      requestId: DATA.requestId,
      reason: z.string().describe('code of the reason'),
    })
    .describe('The carrier refuses the booking.'),
  evolve: (state) => ({ booking: { ...state.booking, status: 'refused' } }),
});

export const carrierMissing = defineEvent({
  data: z
    .object({
      partnerId: DATA.partnerId,
    })
    .describe('The booking cannot be requested: the operation has no carrier, or no agreement with it.'),
  evolve: (state) => ({ booking: { ...state.booking, status: 'missing' } }),
});

export const bookingRecalled = defineEvent({
  data: z.object({ requestId: DATA.requestId }).describe('The booking is recalled.'),
});

export const clearanceGiven = defineEvent({
  data: z.object({ kind: DATA.clearanceKind }).describe('A clearance is given.'),
  evolve: (state, data) => ({ clearances: { ...state.clearances, [data.kind]: 'given' } }),
});

export const clearanceLost = defineEvent({
  data: z.object({ kind: DATA.clearanceKind }).describe('A clearance is no longer valid.'),
  // without its clearances the gate is closed, and all preconditions are checked again
  evolve: (state, data) => ({ clearances: { ...state.clearances, [data.kind]: 'lost' }, boarding: false }),
});

export const vehicleChanged = defineEvent({
  data: z
    .object({
      seats: z.number().describe('seats of the vehicle'),
      capacity: DATA.capacity,
      overCapacity: DATA.overCapacity,
    })
    .describe('The carrier sends another vehicle.'),
  sentence: 'event.vehicleChanged',
  effects: { partnerEvent: { type: 'movement.changed', fields: ['seats'] } },
  evolve: (_state, data, at) => ({
    capacity: data.capacity,
    overCapacity: data.overCapacity,
    vehicleSince: at,
  }),
});

export const delayed = defineEvent({
  data: z.object({ departsAt: DATA.departsAt, arrivesAt: DATA.arrivesAt }).describe('The carrier moves the times.'),
  sentence: 'event.delayed',
  effects: { partnerEvent: { type: 'movement.changed', fields: ['departsAt'] } },
  evolve: (_state, data, at) => ({ departsAt: data.departsAt, arrivesAt: data.arrivesAt, timesSince: at }),
});

export const movementCancelled = defineEvent({
  data: z
    .object({
      released: z.number().describe('households that held seats'),
      byCarrier: z.boolean().describe('whether the carrier cancelled it; then no booking is recalled'),
    })
    .describe('The movement is cancelled.'),
  sentence: 'event.movementCancelled',
  effects: { partnerEvent: { type: 'movement.cancelled', fields: [] } },
  evolve: (state, data) => ({
    cancelled: true,
    booking: data.byCarrier ? { ...state.booking, status: 'refused' } : state.booking,
    boarding: false,
    seated: { households: 0, people: 0 },
    mustLeave: [],
    overCapacity: false,
  }),
});

export const messageSetAside = defineEvent({
  data: z
    .object({
      eventKey: z.string().describe('key of the message'),
      kind: z.enum(CARRIER_MESSAGE_KINDS).describe('what was reported'),
      why: z.string().describe('why it was not applied'),
    })
    .describe('The carrier reports something out of order: the report is recorded and not applied.'),
  // the latest of each kind is enough to know that somebody must look; all of them stand in the event log
  evolve: (state, data) => ({
    setAside: [
      ...state.setAside.filter(({ kind }) => kind !== data.kind),
      { eventKey: data.eventKey, kind: data.kind },
    ],
  }),
});
