import { z } from 'zod';
import { SETTLED_BY_HOLDS } from '../../holds.ts';
import { inContact, takenBack } from '../endings.ts';
import { BEFORE_BOARDING, DATA, defineEvent } from './define.ts';

export const consentGiven = defineEvent({
  data: z
    .object({
      version: DATA.consentVersion,
      form: z.enum(['explicit', 'proxy']).describe('given in person, or by a person who may consent for them'),
      sharing: z.boolean().describe('whether data may be shared with partners'),
    })
    .describe('The person consents.'),
  phase: 'consent',
  sentence: ({ sharing }) => (sharing ? 'event.consentGiven.sharing' : 'event.consentGiven.travel'),
  effects: { consent: { status: 'given' } },
  evolve: (state, data, at) => ({
    ...takenBack(state),
    travel: { ...state.travel, withdrawn: false },
    consent: { status: 'given', version: data.version, sharing: data.sharing, confirmedAt: at },
  }),
});

export const consentRefused = defineEvent({
  data: z.object({ version: DATA.consentVersion }).describe('The person refuses consent.'),
  phase: 'consent',
  sentence: 'event.consentRefused',
  effects: { consent: { status: 'refused', sharing: false }, freesSeats: BEFORE_BOARDING },
  evolve: (_state, data) => ({ consent: { status: 'refused', version: data.version, sharing: false } }),
});

export const consentWithdrawn = defineEvent({
  data: z.object({ version: DATA.consentVersion }).describe('The person withdraws consent.'),
  phase: 'consent',
  sentence: 'event.consentWithdrawn',
  effects: { consent: { status: 'withdrawn', sharing: false }, freesSeats: BEFORE_BOARDING },
  evolve: (_state, data) => ({ consent: { status: 'withdrawn', version: data.version, sharing: false } }),
});

export const consentReconfirmed = defineEvent({
  data: z.object({ version: DATA.consentVersion }).describe('The person confirms an earlier consent.'),
  phase: 'consent',
  sentence: 'event.consentReconfirmed',
  effects: { consent: { status: 'reconfirmed', sharing: false } },
  evolve: (state, data, at) => ({
    ...inContact(state),
    consent: { ...state.consent, version: data.version, confirmedAt: at },
  }),
});

export const holdRaised = defineEvent({
  data: z.object({ holdId: DATA.holdId }).describe('A hold is raised.'),
  phase: 'here',
  sentence: 'event.holdRaised',
  effects: { hold: { status: 'active', from: ['raising', 'void'] }, freesSeats: BEFORE_BOARDING },
  evolve: (state, data) => ({
    holds: state.holds.includes(data.holdId) ? state.holds : [...state.holds, data.holdId],
  }),
});

export const holdReleased = defineEvent({
  data: z.object({ holdId: DATA.holdId }).describe('A hold is released.'),
  phase: 'here',
  sentence: 'event.holdReleased',
  effects: { hold: { status: 'released' }, settles: SETTLED_BY_HOLDS },
  evolve: (state, data) => ({ holds: state.holds.filter((id) => id !== data.holdId) }),
});

export const disclosureBlocked = defineEvent({
  data: z
    .object({
      partnerId: DATA.partnerId.optional(),
      reasons: z.array(z.string()).describe('codes of the preconditions that failed'),
    })
    .describe('Data was not sent, because a precondition failed.'),
  phase: 'here',
  sentence: 'event.disclosureBlocked',
});
