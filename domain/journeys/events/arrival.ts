import { z } from 'zod';
import { ENDINGS } from '../statuses.ts';
import { BEFORE_BOARDING, defineEvent } from './define.ts';

export const received = defineEvent({
  data: z.object({ siteId: z.string().optional().describe('id of the site') }).describe('The person is received.'),
  phase: 'receive',
  sentence: 'event.received',
  effects: {
    partnerEvent: { type: 'journey.received', fields: [] },
    service: { sector: 'shelter_nfi', kind: 'reception' },
  },
  evolve: () => ({ received: true }),
});

export const reintegrationPlanned = defineEvent({
  data: z
    .object({
      dimensions: z.array(z.enum(['economic', 'social', 'psychosocial'])).describe('what the plan covers'),
    })
    .describe('A reintegration plan is made.'),
  phase: 'reintegrate',
  sentence: 'event.reintegrationPlanned',
  effects: { service: { sector: 'reintegration', kind: 'plan' } },
  evolve: () => ({ planned: true }),
});

export const followUpDone = defineEvent({
  data: z
    .object({
      month: z.number().describe('months after arrival'),
      reached: z.boolean().describe('whether the person was reached'),
    })
    .describe('A follow-up contact was made.'),
  phase: 'reintegrate',
  sentence: ({ reached }) => (reached ? 'event.followUpDone.reached' : 'event.followUpDone.missed'),
  effects: {
    partnerEvent: { type: 'journey.follow_up_done', fields: ['month'] },
    // A follow-up at which nobody was reached was no service.
    service: { sector: 'reintegration', kind: 'follow_up', onlyIf: { reached: true } },
  },
  evolve: (state, data) => ({
    followUps: [
      ...state.followUps.filter(({ month }) => month !== data.month),
      { month: data.month, reached: data.reached },
    ],
  }),
});

export const journeyEnded = defineEvent({
  data: z.object({ ending: z.enum(ENDINGS).describe('why it ends') }).describe('The journey ends.'),
  phase: 'close',
  sentence: 'event.journeyEnded',
  effects: {
    partnerEvent: { type: 'journey.ended', fields: [] },
    freesSeats: BEFORE_BOARDING,
    samePerson: { settles: 'closeDuplicate', opens: { kind: 'resume', role: 'protection_officer' } },
  },
  evolve: (_state, data, at) => ({ ending: data.ending, endedAt: at }),
});
