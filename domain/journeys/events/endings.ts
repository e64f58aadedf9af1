import { z } from 'zod';
import { AUTHORITIES, CONTACT_CHANNELS, inContact, withAttempt } from '../endings.ts';
import { ENDINGS } from '../statuses.ts';
import { DATA, defineEvent } from './define.ts';

export const HANDED_TO = Object.freeze({
  authority: z.enum(AUTHORITIES).optional().describe('the authority to which the person is handed over'),
  partnerId: DATA.partnerId.optional(),
});

export const endingProposed = defineEvent({
  data: z
    .object({
      ending: z.enum(ENDINGS).describe('how it shall end'),
      by: z.string().describe('who proposes it; another person confirms it'),
      protection: z.boolean().describe('whether a protection role proposes it'),
      ...HANDED_TO,
    })
    .describe('Somebody proposes that the journey ends; it goes on until a second person confirms it.'),
  phase: 'close',
  sentence: 'event.endingProposed',
  evolve: (_state, { ending, by, protection, authority, partnerId }, at) => ({
    proposedEnding: {
      ending,
      by,
      protection,
      at,
      ...(authority === undefined ? {} : { authority }),
      ...(partnerId === undefined ? {} : { partnerId }),
    },
  }),
});

export const endingRejected = defineEvent({
  data: z.object({ ending: z.enum(ENDINGS).describe('the ending that was proposed') }).describe('The journey goes on.'),
  phase: 'close',
  sentence: 'event.endingRejected',
  evolve: () => ({ proposedEnding: null }),
});

export const contactAttempted = defineEvent({
  data: z
    .object({
      channel: z.enum(CONTACT_CHANNELS).describe('how it was tried'),
      reached: z.boolean().describe('whether the person was reached'),
    })
    .describe('Somebody tried to reach the person.'),
  phase: 'here',
  sentence: ({ reached }) => (reached ? 'event.contactAttempted.reached' : 'event.contactAttempted.missed'),
  evolve: (state, { channel, reached }, at) =>
    reached ? inContact(state) : { contactAttempts: withAttempt(state.contactAttempts, channel, at) },
});

/** The journey was ended by mistake and goes on; whoever was told of the ending is told. */
export const journeyReopened = defineEvent({
  data: z
    .object({
      ending: z.enum(ENDINGS).describe('the ending that is undone'),
      told: z.boolean().describe('whether partners could be told of the ending'),
      first: z.string().describe('who asked for it first; the second person acts'),
    })
    .describe('Two people reopen a journey that was ended by mistake.'),
  phase: 'close',
  sentence: 'event.journeyReopened',
  effects: { partnerEvent: { type: 'journey.reopened', fields: [], onlyIf: { told: true } } },
  // the last follow-up is made anew: without one the journey would end again at once
  evolve: (state) => {
    const last = Math.max(...state.followUps.map(({ month }) => month));
    return {
      ending: undefined,
      endedAt: undefined,
      proposedEnding: null,
      contactAttempts: [],
      followUps: state.followUps.filter(({ month }) => month !== last),
    };
  },
});
