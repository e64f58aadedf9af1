import { z } from 'zod';
import { SETTLED_BY_HOLDS } from '../../holds.ts';
import { inContact, takenBack } from '../endings.ts';
import { BEFORE_BOARDING, DATA, defineEvent } from './define.ts';

const NOTHING_SHARED = { sharing: false, ownState: false, consulates: [] };

export const consentGiven = defineEvent({
  data: z
    .object({
      version: DATA.consentVersion,
      form: z.enum(['explicit', 'proxy']).describe('given in person, or by a person who may consent for them'),
      sharing: z.boolean().describe('whether data may be shared with partners'),
      ownState: z.boolean().default(true).describe('whether the State of the nationality may be asked'),
      consulates: z.array(DATA.partnerId).default([]).describe('consulates of other States that may be asked'),
    })
    .describe('The person consents.'),
  phase: 'consent',
  sentence: ({ sharing }) => (sharing ? 'event.consentGiven.sharing' : 'event.consentGiven.travel'),
  effects: { consent: { status: 'given' }, concernsMembers: true },
  evolve: (state, data, at) => ({
    ...takenBack(state),
    travel: { ...state.travel, withdrawn: false },
    consent: {
      status: 'given',
      version: data.version,
      sharing: data.sharing,
      ownState: data.sharing && data.ownState,
      consulates: data.sharing ? data.consulates : [],
      confirmedAt: at,
    },
  }),
});

export const consentRefused = defineEvent({
  data: z.object({ version: DATA.consentVersion }).describe('The person refuses consent.'),
  phase: 'consent',
  sentence: 'event.consentRefused',
  effects: { consent: { status: 'refused', sharing: false }, freesSeats: BEFORE_BOARDING },
  evolve: (_state, data) => ({ consent: { ...NOTHING_SHARED, status: 'refused', version: data.version } }),
});

export const consentWithdrawn = defineEvent({
  data: z.object({ version: DATA.consentVersion }).describe('The person withdraws consent.'),
  phase: 'consent',
  sentence: 'event.consentWithdrawn',
  effects: { consent: { status: 'withdrawn', sharing: false }, freesSeats: BEFORE_BOARDING, judgesHousehold: true },
  evolve: (_state, data) => ({ consent: { ...NOTHING_SHARED, status: 'withdrawn', version: data.version } }),
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
  data: z
    .object({
      holdId: DATA.holdId,
      urgent: z.boolean().default(false).describe('whether protection is to look at it within the hour'),
    })
    .describe('A hold is raised.'),
  phase: 'here',
  sentence: 'event.holdRaised',
  effects: { hold: { status: 'active', from: ['raising', 'void'] }, freesSeats: BEFORE_BOARDING },
  evolve: (state, { holdId, urgent }, at) =>
    state.holds.includes(holdId)
      ? {}
      : { holds: [...state.holds, holdId], holdTriage: [...state.holdTriage, { holdId, urgent, since: at }] },
});

export const holdReleased = defineEvent({
  data: z.object({ holdId: DATA.holdId }).describe('A hold is released.'),
  phase: 'here',
  sentence: 'event.holdReleased',
  effects: { hold: { status: 'released' }, settles: SETTLED_BY_HOLDS, concernsMembers: true },
  evolve: (state, data) => ({
    holds: state.holds.filter((id) => id !== data.holdId),
    holdTriage: state.holdTriage.filter(({ holdId }) => holdId !== data.holdId),
  }),
});

export const holdsReviewed = defineEvent({
  data: z.object({}).describe('Protection has looked at every open hold.'),
  phase: 'here',
  sentence: 'event.holdsReviewed',
  evolve: (_state, _data, at) => ({ holdTriage: [], holdsReviewedAt: at }),
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
