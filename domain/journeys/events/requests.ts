import { z } from 'zod';
import { JOURNEY_REQUESTS, type JourneyRequest } from '../../requests/index.ts';
import { REQUEST_PARTS } from '../../requests/journey.ts';
import { DATA, defineEvent } from './define.ts';

const partOf = (is: (request: JourneyRequest) => boolean) => JOURNEY_REQUESTS.find(is)?.journey;

export const partnerMissing = defineEvent({
  data: z
    .object({
      what: z.enum(REQUEST_PARTS.missing).describe('the kind of request'),
    })
    .describe('The operation has no partner for the request.'),
  phase: 'here',
  sentence: ({ what }) => `event.partnerMissing.${what}`,
  evolve: (state, data) => partOf(({ journey }) => journey.missing === data.what)?.withoutPartner(state) ?? {},
});

export const requestRecalled = defineEvent({
  data: z.object({ requestId: DATA.requestId }).describe('A request to a partner is recalled.'),
  phase: 'here',
  sentence: 'event.requestRecalled',
  evolve: (state, data) =>
    partOf(({ journey }) => journey.open(state)?.requestId === data.requestId)?.recalled(state) ?? {},
});
