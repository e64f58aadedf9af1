import { z } from 'zod';
import { defineMovementRequest } from './definition.ts';

/** A receiving agency is notified how many people arrive, and when. It has nothing to answer. */
export const reception = defineMovementRequest({
  kind: 'reception',
  to: 'agency',
  summary: 'Notify the receiving agency of the number of people',
  settles: null,
  // It names no person, but only a partner with an agreement receives the schedule.
  byAgreement: true,
  waits: null,
  decides: 'coordinator',
  answer: z.never(),
  callbacks: {},
});
