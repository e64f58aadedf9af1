import { aboard, CASE_WORK, defineCommand, ON_THE_WAY } from './define.ts';

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
  refusal: ({ householdOpen }) => (householdOpen ? undefined : 'Nothing has changed in the household'),
  effect: () => [{ type: 'householdConfirmed', data: {} }],
});
