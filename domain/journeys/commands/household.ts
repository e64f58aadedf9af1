import { z } from 'zod';
import { PROTECTION_ROLES } from '../../actor.ts';
import { isOnBoard } from '../statuses.ts';
import { CASE_WORK, defineCommand, ON_THE_WAY } from './define.ts';

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
  refusal: (state) => (isOnBoard(state) ? ON_THE_WAY : undefined),
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

/**
 * Somebody whose birth date is unknown, vague or wrong. Holds that it gave reason for stay until protection releases them.
 */
export const judgeAge = defineCommand({
  name: 'judgeAge',
  args: { age: z.enum(['adult', 'child']).meta({ description: 'adult: surely 18 or over' }) },
  example: { age: 'child' },
  roles: CASE_WORK,
  reason: true,
  sentence: 'command.journey.judgeAge',
  plausible: ({ child }): { age: 'adult' | 'child' } => ({ age: child ? 'adult' : 'child' }),
  refusal: ({ child }, { age }, { actor }) => {
    if (child === (age === 'child')) return `The person counts as ${age === 'child' ? 'a child' : 'an adult'} already`;
    if (age === 'adult' && !PROTECTION_ROLES.includes(actor.role))
      return 'That somebody is no child is for a protection officer to decide';
    return undefined;
  },
  effect: (_state, { age }) => [{ type: 'ageJudged', data: { age } }],
});
