import { z } from 'zod';
import { inContact } from '../endings.ts';
import { ENDINGS } from '../statuses.ts';
import { BEFORE_BOARDING, DATA, defineEvent } from './define.ts';
import { HANDED_TO } from './endings.ts';

/** One of two journeys of one person has ended: what asked for it is settled, and the other one may go on. */
const SAME_PERSON = { settles: 'closeDuplicate', opens: { kind: 'resume', role: 'protection_officer' } } as const;

export const received = defineEvent({
  data: z.object({ siteId: z.string().optional().describe('id of the site') }).describe('The person is received.'),
  phase: 'receive',
  sentence: 'event.received',
  effects: { partnerEvent: { type: 'journey.received', fields: [] } },
  evolve: (state) => ({ received: true, ...inContact(state) }),
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
    ...(data.reached ? inContact(state) : {}),
    followUps: [
      ...state.followUps.filter(({ month }) => month !== data.month),
      { month: data.month, reached: data.reached },
    ],
  }),
});

/** Nothing is sent for it: no partner event, no message to a family. Open requests are recalled by their ids. */
export const deathRecorded = defineEvent({
  data: z
    .object({
      movementId: DATA.movementId.optional().describe('the movement on which the person was'),
    })
    .describe('The person has died; the journey ends.'),
  phase: 'close',
  sentence: 'event.deathRecorded',
  effects: {
    diesAboard: true,
    opensTask: { kind: 'deathFollowUp', role: 'protection_lead' },
    freesSeats: BEFORE_BOARDING,
    concernsMembers: true,
    judgesHousehold: true,
    samePerson: SAME_PERSON,
  },
  evolve: (_state, _data, at) => ({ ending: 'deceased', endedAt: at, proposedEnding: null }),
});

export const journeyEnded = defineEvent({
  data: z.object({ ending: z.enum(ENDINGS).describe('why it ends'), ...HANDED_TO }).describe('The journey ends.'),
  phase: 'close',
  sentence: 'event.journeyEnded',
  effects: {
    partnerEvent: { type: 'journey.ended', fields: [] },
    freesSeats: BEFORE_BOARDING,
    concernsMembers: true,
    judgesHousehold: true,
    samePerson: SAME_PERSON,
  },
  evolve: (_state, data, at) => ({ ending: data.ending, endedAt: at, proposedEnding: null }),
});
