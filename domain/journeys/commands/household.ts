import { PROTECTION_ROLES } from '../../actor.ts';
import { aboard, CASE_WORK, defineCommand, ON_THE_WAY } from './define.ts';

/** Who decides about a household with a child, and when nobody does. Both say nothing of the kind of a hold. */
export const CHILD_IN_HOUSEHOLD = 'A child is in this household: a protection officer decides.';
export const HELD_HOUSEHOLD = 'A hold is open in this household: it is decided first.';

export const splitOff = defineCommand({
  name: 'splitOff',
  args: {},
  roles: ['coordinator', 'protection_officer', 'protection_lead'],
  reason: true,
  sentence: 'command.journey.splitOff',
  makes: 'household',
  prepare: () => ({ what: 'separateHousehold' }),
  refusal: (state) => (aboard(state) ? ON_THE_WAY : undefined),
  effect: (_state, { householdId }) => [{ type: 'splitOff', data: { householdId } }],
});

export const confirmHousehold = defineCommand({
  name: 'confirmHousehold',
  args: {},
  roles: CASE_WORK,
  reason: true,
  sentence: 'command.journey.confirmHousehold',
  prepare: () => ({ what: 'confirmHousehold' }),
  refusal: ({ householdOpen, householdChild, holds }, _args, { actor }) => {
    if (!householdOpen) return 'Nothing has changed in the household';
    if (householdChild && !PROTECTION_ROLES.includes(actor.role)) return CHILD_IN_HOUSEHOLD;
    return holds.length > 0 ? HELD_HOUSEHOLD : undefined;
  },
  effect: () => [{ type: 'householdConfirmed', data: {} }],
});
