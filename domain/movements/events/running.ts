import { z } from 'zod';
import { DATA, defineEvent } from './define.ts';

export const boardingOpened = defineEvent({
  data: z.object({}).describe('Boarding begins.'),
  evolve: () => ({ boarding: true }),
});

export const scansApplied = defineEvent({
  data: DATA.gateCounts
    .extend({ refused: z.number().describe('scans that were refused') })
    .describe('Scans of the gate are applied.'),
  evolve: (_state, { checkedIn, boarded, noShow, denied, offloaded }) => ({
    gate: { checkedIn, boarded, noShow, denied, offloaded },
  }),
});

export const householdOffBoard = defineEvent({
  data: z
    .object({
      householdId: DATA.householdId,
    })
    .describe('Every member of a household that had to leave is offloaded.'),
  evolve: (state, data) => ({ mustLeave: state.mustLeave.filter((id) => id !== data.householdId) }),
});

export const movementDeparted = defineEvent({
  data: z
    .object({
      aboard: z.number().describe('people on board'),
      unaccounted: z.number().describe('people with a seat and no record of boarding, no-show, denial or offload'),
    })
    .describe('The movement departs.'),
  effects: { partnerEvent: { type: 'movement.departed', fields: [] } },
  evolve: (_state, _data, at) => ({ departedAt: at, boarding: false, mustLeave: [] }),
});

export const receptionNotified = defineEvent({
  data: z
    .object({
      requestId: DATA.requestId,
      partnerId: DATA.partnerId,
    })
    .describe('The receiving agency is notified of the number of people.'),
  evolve: () => ({ receptionNotified: true }),
});

export const movementArrived = defineEvent({
  data: z
    .object({
      stop: z.string().describe('code of the stop'),
      last: z.boolean().describe('whether it is the destination'),
      alighted: z.number().describe('people who left the vehicle'),
    })
    .describe('The movement arrives at a stop.'),
  effects: { partnerEvent: { type: 'movement.arrived', fields: ['stop'] } },
  evolve: (state, data) => ({
    arrivedStops: state.arrivedStops.includes(data.stop) ? state.arrivedStops : [...state.arrivedStops, data.stop],
    arrived: state.arrived || data.last,
  }),
});

export const movementReconciled = defineEvent({
  data: DATA.reconciliation.describe('Every seat is accounted for.'),
  effects: { partnerEvent: { type: 'movement.reconciled', fields: [] } },
  evolve: () => ({ reconciled: true, broken: false }),
});

export const reconciliationBroken = defineEvent({
  data: DATA.reconciliation
    .extend({
      unaccounted: z.number().describe('seats not accounted for'),
    })
    .describe('Some seats are not accounted for.'),
  evolve: () => ({ broken: true }),
});

export const movementClosed = defineEvent({
  data: z.object({}).describe('The movement is closed.'),
  evolve: () => ({ closed: true }),
});
