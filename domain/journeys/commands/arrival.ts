import { z } from 'zod';
import { id } from '../../fields.ts';
import { DAY } from '../../time.ts';
import { followUpDay } from '../state.ts';
import { defineCommand } from './define.ts';

export const receive = defineCommand({
  name: 'receive',
  args: { siteId: id('site').optional() },
  example: { siteId: 'site_00000000000000000000000000' },
  roles: ['case_worker', 'coordinator'],
  sentence: 'command.journey.receive',
  refusal: ({ travel, received }) =>
    travel.status === 'arrived' && !received ? undefined : 'Only a person who has arrived can be received',
  effect: (_state, { siteId }) => [{ type: 'received', data: siteId === undefined ? {} : { siteId } }],
});

export const planReintegration = defineCommand({
  name: 'planReintegration',
  args: {
    dimensions: z
      .array(z.enum(['economic', 'social', 'psychosocial']))
      .min(1)
      .max(3)
      .meta({ description: 'what the plan covers' }),
  },
  example: { dimensions: ['economic', 'social'] },
  roles: ['case_worker'],
  sentence: 'command.journey.planReintegration',
  refusal: ({ received, planned }) => {
    if (!received) return 'The person has not been received yet';
    return planned ? 'The plan is already made' : undefined;
  },
  effect: (_state, { dimensions }) => [{ type: 'reintegrationPlanned', data: { dimensions } }],
});

/** How early before its day a follow-up may be made, in milliseconds. */
const FOLLOW_UP_WINDOW = 7 * DAY;

export const recordFollowUp = defineCommand({
  name: 'recordFollowUp',
  args: {
    month: z.number().int().min(1).max(120).meta({ description: 'months after arrival' }),
    reached: z.boolean().meta({ description: 'whether the person was reached' }),
  },
  example: { month: 3, reached: true },
  roles: ['case_worker'],
  sentence: 'command.journey.recordFollowUp',
  plausible: ({ followUps }) => ({ month: 1 + Math.max(0, ...followUps.map((done) => done.month)) }),
  refusal: (state, { month }, { at, rules }) => {
    if (rules) {
      const day = followUpDay(state, rules, month);
      if (day === undefined) return 'The rules have no follow-up in this month';
      if (at < day - FOLLOW_UP_WINDOW) return 'It is too early for this follow-up';
    }
    if (!state.planned) return 'There is no reintegration plan yet';
    return state.followUps.some((done) => done.month === month) ? 'This follow-up is already recorded' : undefined;
  },
  effect: (_state, { month, reached }) => [{ type: 'followUpDone', data: { month, reached } }],
});
