import { FIELDS } from '../../fields.ts';
import { stopsAhead } from '../state.ts';
import { DEPARTED, defineCommand, GATE, hasDeparted, LEADS, OFFICERS } from './define.ts';

export const recordDeparture = defineCommand({
  name: 'recordDeparture',
  args: {},
  roles: OFFICERS,
  sentence: 'command.movement.recordDeparture',
  refusal: (state) => {
    if (hasDeparted(state)) return DEPARTED;
    return state.boarding ? undefined : 'The gate has not been opened';
  },
  effect: () => ({ step: 'depart', input: {} }),
});

export const recordArrival = defineCommand({
  name: 'recordArrival',
  args: { stop: FIELDS.stop.meta({ description: 'code of the stop' }) },
  example: { stop: 'VUSAN' },
  roles: GATE,
  sentence: 'command.movement.recordArrival',
  permission: 'movement.scan',
  plausible: (state) => ({ stop: stopsAhead(state)[0] ?? '' }),
  refusal: (state, { stop }) => {
    if (!hasDeparted(state)) return 'The movement has not departed';
    if (!state.stops.includes(stop)) return 'The movement does not stop there';
    return state.arrivedStops.includes(stop) ? 'This arrival is already recorded' : undefined;
  },
  effect: (_state, { stop }) => ({ step: 'arrive', input: { stop } }),
});

export const reconcile = defineCommand({
  name: 'reconcile',
  args: {},
  roles: OFFICERS,
  sentence: 'command.movement.reconcile',
  refusal: (state) => {
    if (state.reconciled) return 'Every seat is already accounted for';
    if (!state.arrived) return 'The movement has not reached its last stop';
    const [stop] = stopsAhead(state);
    return stop === undefined ? undefined : `Nobody has recorded the arrival at ${stop}`;
  },
  effect: () => ({ step: 'reconcile', input: {} }),
});

export const cancelMovement = defineCommand({
  name: 'cancelMovement',
  args: {},
  roles: LEADS,
  reason: true,
  sentence: 'command.movement.cancelMovement',
  refusal: (state) => (hasDeparted(state) ? DEPARTED : undefined),
  effect: () => ({ step: 'cancel', input: {} }),
});

export const dismissCancelRequest = defineCommand({
  name: 'dismissCancelRequest',
  args: {},
  roles: LEADS,
  reason: true,
  sentence: 'command.movement.dismissCancelRequest',
  then: 'continueAsNew',
  refusal: ({ cancelRequested }) => (cancelRequested ? undefined : 'Nobody has asked Temporal to cancel this movement'),
  effect: () => [{ type: 'cancelRequestDismissed', data: {} }],
});
