import { z } from 'zod';
import { DATA, defineEvent } from './define.ts';

export const compensationFailed = defineEvent({
  data: z
    .object({
      step: DATA.step,
    })
    .describe('A step could not be compensated yet: a task is open, and the compensation is retried.'),
  evolve: (state, data) => ({
    compensating: state.compensating.includes(data.step) ? state.compensating : [...state.compensating, data.step],
  }),
});

export const compensated = defineEvent({
  data: z.object({ step: DATA.step }).describe('A step is compensated.'),
  evolve: (state, data) => ({ compensating: state.compensating.filter((step) => step !== data.step) }),
});

export const waitReminded = defineEvent({
  data: z.object({ key: DATA.waitKey }).describe('A reminder of a wait is due.'),
});

export const waitDue = defineEvent({
  data: z.object({ key: DATA.waitKey }).describe('A wait is overdue.'),
});

export const waitEscalated = defineEvent({
  data: z.object({ key: DATA.waitKey }).describe('An overdue wait is escalated.'),
});

export const cancelRequested = defineEvent({
  data: z.object({}).describe('Somebody asked Temporal to cancel the workflow; nothing is cancelled by it.'),
  evolve: () => ({ cancelRequested: true }),
});

export const cancelRequestDismissed = defineEvent({
  data: z.object({}).describe('A person decided that the movement goes on.'),
  evolve: () => ({ cancelRequested: false }),
});
