import { z } from 'zod';
import { FIELDS } from '../../fields.ts';
import { defineCommand, WHOLE_TEAM } from './define.ts';

/** On the way too: then it counts for the next leg. */
export const raiseHealthConcern = defineCommand({
  name: 'raiseHealthConcern',
  args: {},
  roles: WHOLE_TEAM,
  reason: true,
  sentence: 'command.journey.raiseHealthConcern',
  effect: () => [{ type: 'healthConcernRaised', data: {} }],
});

export const recordFitness = defineCommand({
  name: 'recordFitness',
  args: {
    result: z.enum(['fit', 'fit_with', 'unfit']).meta({ description: 'the finding' }),
    conditions: z.array(FIELDS.code).max(20).default([]).meta({ description: 'codes of what is needed on the way' }),
    until: FIELDS.moment.optional().meta({ description: 'the finding is valid until then; needed unless unfit' }),
    reviewAt: FIELDS.moment.optional().meta({ description: 'when to examine again' }),
  },
  example: { result: 'unfit', conditions: [], reviewAt: '2026-12-04T09:00+02:00' },
  roles: ['health_officer'],
  sentence: 'command.journey.recordFitness',
  refusal: (_state, { result, until }) =>
    result === 'unfit' || until !== undefined ? undefined : 'A finding of fitness needs its end: give `until`',
  effect: (_state, { result, conditions, until, reviewAt }) => [
    {
      type: 'fitnessFound',
      data: {
        result,
        conditions,
        ...(until === undefined ? {} : { until }),
        ...(reviewAt === undefined ? {} : { reviewAt }),
      },
    },
  ],
});
