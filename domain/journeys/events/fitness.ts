import { z } from 'zod';
import { DATA, defineEvent, opened } from './define.ts';

export const fitnessRequested = defineEvent({
  data: z
    .object({
      requestId: DATA.requestId,
      partnerId: DATA.partnerId,
      round: DATA.round,
    })
    .describe('A clinic receives a request for a fitness finding.'),
  phase: 'clearToTravel',
  sentence: 'event.fitnessRequested',
  evolve: (state, data, at) => ({
    // the last finding, fit or unfit, goes on holding while a new one is awaited
    fitness: {
      ...state.fitness,
      status: ['fit', 'fit_with', 'unfit'].includes(state.fitness.status) ? state.fitness.status : 'requested',
      rounds: data.round,
      request: opened(data, at),
    },
  }),
});

export const fitnessFound = defineEvent({
  data: z
    .object({
      result: z.enum(['fit', 'fit_with', 'unfit']).describe('the finding'),
      conditions: z.array(z.string()).describe('codes of what is needed on the way'),
      until: DATA.instant.optional().describe('the finding is valid until then'),
      reviewAt: DATA.instant.optional().describe('when to examine again'),
      requestId: DATA.requestId.optional(),
    })
    .describe('A clinic or a health officer reports the fitness to travel.'),
  phase: 'clearToTravel',
  sentence: ({ result }) => `event.fitnessFound.${result}`,
  effects: { service: { sector: 'health', kind: 'health_check' } },
  evolve: (state, data) => ({
    fitness: {
      status: data.result,
      rounds: state.fitness.rounds,
      conditions: data.conditions,
      ...(data.until === undefined ? {} : { until: data.until }),
      ...(data.reviewAt === undefined ? {} : { reviewAt: data.reviewAt }),
    },
  }),
});

export const fitnessExpired = defineEvent({
  data: z
    .object({
      until: DATA.instant.describe('it was valid until then'),
    })
    .describe('The finding is no longer valid.'),
  phase: 'clearToTravel',
  sentence: 'event.fitnessExpired',
  evolve: (state) => ({
    fitness: { status: 'expired', rounds: state.fitness.rounds, conditions: state.fitness.conditions },
  }),
});
