import { z } from 'zod';
import { DATA, defineEvent } from './define.ts';

export const waitReminded = defineEvent({
  data: z.object({ key: DATA.waitKey }).describe('A reminder of a wait is due.'),
  phase: 'here',
  sentence: 'event.waitReminded',
});

export const waitDue = defineEvent({
  data: z.object({ key: DATA.waitKey }).describe('A wait is overdue.'),
  phase: 'here',
  sentence: 'event.waitDue',
});

export const waitEscalated = defineEvent({
  data: z.object({ key: DATA.waitKey }).describe('An overdue wait is escalated.'),
  phase: 'here',
  sentence: 'event.waitEscalated',
});

export const cancelRequested = defineEvent({
  data: z.object({}).describe('Somebody asked Temporal to cancel the workflow; nothing is cancelled by it.'),
  phase: 'here',
  sentence: 'event.cancelRequested',
  evolve: () => ({ cancelRequested: true }),
});

export const cancelRequestDismissed = defineEvent({
  data: z.object({}).describe('A person decided that the journey goes on.'),
  phase: 'here',
  sentence: 'event.cancelRequestDismissed',
  evolve: () => ({ cancelRequested: false }),
});
