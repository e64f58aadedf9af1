import { z } from 'zod';
import { inContact } from '../endings.ts';
import type { JourneyState } from '../stored.ts';
import { DATA, defineEvent, SEAT_KINDS } from './define.ts';

export const routeDecided = defineEvent({
  data: z.object({ route: DATA.route }).describe('A person decides the route.'),
  phase: 'travel',
  sentence: 'event.routeDecided',
  evolve: (_state, data) => ({ route: data.route, routeDecided: true, seatSince: undefined }),
});

export const seatAwaited = defineEvent({
  data: z.object({ leg: DATA.leg }).describe('The person lacks nothing but a seat on this leg.'),
  phase: 'travel',
  sentence: 'event.seatAwaited',
  evolve: (_state, _data, at) => ({ seatSince: at }),
});

export const seatAssigned = defineEvent({
  data: z
    .object({
      movementId: DATA.movementId,
      leg: DATA.leg,
      kind: z.enum(SEAT_KINDS).describe('the kind of seat'),
    })
    .describe('The person has a seat.'),
  phase: 'travel',
  sentence: 'event.seatAssigned',
  effects: { partnerEvent: { type: 'journey.seated', fields: ['movementId'] } },
  evolve: (state, data) => ({
    travel: { ...state.travel, status: 'seated', movementId: data.movementId, leg: data.leg, kind: data.kind },
  }),
});

export const seatReleased = defineEvent({
  data: z.object({ movementId: DATA.movementId }).describe('The seat is released.'),
  phase: 'travel',
  sentence: 'event.seatReleased',
  effects: { partnerEvent: { type: 'journey.seat_released', fields: ['movementId'] } },
  evolve: (state) => ({ travel: withoutSeat(state) }),
});

export const checkedIn = defineEvent({
  data: z.object({ movementId: DATA.movementId }).describe('The person is checked in.'),
  phase: 'travel',
  sentence: 'event.checkedIn',
  evolve: (state) => ({ travel: { ...state.travel, status: 'checked_in' }, ...inContact(state) }),
});

export const boarded = defineEvent({
  data: z.object({ movementId: DATA.movementId }).describe('The person is on board.'),
  phase: 'travel',
  sentence: 'event.boarded',
  effects: { partnerEvent: { type: 'journey.boarded', fields: ['movementId'] } },
  evolve: (state) => ({ travel: { ...state.travel, status: 'boarded' }, ...inContact(state) }),
});

export const noShow = defineEvent({
  data: z.object({ movementId: DATA.movementId }).describe('The person did not come.'),
  phase: 'travel',
  sentence: 'event.noShow',
  evolve: (state) => ({ travel: { ...withoutSeat(state), noShows: state.travel.noShows + 1 } }),
});

export const deniedBoarding = defineEvent({
  data: z.object({ movementId: DATA.movementId }).describe('The person is denied boarding.'),
  phase: 'travel',
  sentence: 'event.deniedBoarding',
  evolve: (state) => ({ travel: withoutSeat(state) }),
});

export const offloaded = defineEvent({
  data: z.object({ movementId: DATA.movementId }).describe('The person left the vehicle before departure.'),
  phase: 'travel',
  sentence: 'event.offloaded',
  evolve: (state) => ({ travel: withoutSeat(state) }),
});

export const departed = defineEvent({
  data: z.object({ movementId: DATA.movementId }).describe('The movement departed with the person.'),
  phase: 'travel',
  sentence: 'event.departed',
  effects: {
    partnerEvent: { type: 'journey.departed', fields: ['movementId'] },
    service: { sector: 'transport', kind: 'seat' },
  },
  evolve: (state) => ({ travel: { ...state.travel, status: 'in_transit', underway: true }, seatSince: undefined }),
});

export const arrived = defineEvent({
  data: z
    .object({
      movementId: DATA.movementId,
      leg: DATA.leg,
      lastOfRoute: z.boolean().describe('whether it is the last leg of the route'),
    })
    .describe('The person arrived.'),
  phase: 'travel',
  sentence: 'event.arrived',
  effects: { partnerEvent: { type: 'journey.arrived', fields: ['movementId'] } },
  evolve: (state, data, at) => ({
    routeDone: [...state.routeDone.filter((status) => status !== data.leg), data.leg],
    travel: { ...withoutSeat(state), status: data.lastOfRoute ? 'arrived' : 'none', underway: true },
    ...(data.lastOfRoute ? { arrivedAt: at } : {}),
  }),
});

export const withdrawalNoted = defineEvent({
  data: z.object({ movementId: DATA.movementId }).describe('The person withdraws while on the way.'),
  phase: 'travel',
  sentence: 'event.withdrawalNoted',
  evolve: (state) => ({ travel: { ...state.travel, withdrawn: true } }),
});

function withoutSeat(state: JourneyState): JourneyState['travel'] {
  const { noShows, underway, withdrawn } = state.travel;
  return { status: 'none', noShows, underway, withdrawn };
}
