import { z } from 'zod';
import { DATA, defineEvent } from './define.ts';

export const journeyStarted = defineEvent({
  data: z
    .object({
      consent: z.enum(['given', 'pending', 'refused']).describe('consent at registration'),
      holds: z.array(z.string()).describe('ids of the holds raised at registration'),
      child: z.boolean().default(false).describe('whether the person is registered as a child'),
      route: DATA.route,
      routeDecided: z.boolean().describe('false where a person must decide the route'),
    })
    .describe('The person is registered and the journey begins.'),
  phase: 'identify',
  sentence: 'event.journeyStarted',
  effects: {
    partnerEvent: { type: 'journey.registered', fields: [] },
    consent: { status: 'given', version: 1, sharing: true, ownState: true, onlyIf: { consent: 'given' } },
  },
  evolve: (state, data, at) => ({
    startedAt: at,
    route: data.route,
    routeDecided: data.routeDecided,
    holds: [...data.holds],
    holdTriage: data.holds.map((holdId) => ({ holdId, urgent: false, since: at })),
    child: data.child,
    consent: {
      ...state.consent,
      status: data.consent,
      // A list's `given` covers the operation's own offices and the State of the nationality in it, nothing else.
      ...(data.consent === 'given' ? { version: 1, sharing: true, ownState: true, confirmedAt: at } : {}),
    },
  }),
});

export const identityConfirmed = defineEvent({
  data: z
    .object({
      by: z.enum(['registry', 'staff']).describe('who confirmed it'),
      requestId: DATA.requestId.optional(),
    })
    .describe('The identity is confirmed.'),
  phase: 'identify',
  sentence: ({ by }) => `event.identityConfirmed.${by}`,
  evolve: () => ({ identity: 'confirmed' }),
});

export const identityUnclear = defineEvent({
  data: z
    .object({
      outcome: z.enum(['not_found', 'several', 'no_registry']).describe('the result of the registry look-up'),
      requestId: DATA.requestId.optional(),
    })
    .describe('The registry could not confirm the identity.'),
  phase: 'identify',
  sentence: ({ outcome }) => `event.identityUnclear.${outcome}`,
  evolve: () => ({ identity: 'unclear' }),
});

export const screened = defineEvent({
  data: z
    .object({
      risk: z.enum(['none', 'elevated', 'acute']).describe('the risk that was found'),
    })
    .describe('The protection screening is done.'),
  phase: 'screen',
  sentence: 'event.screened',
  effects: { service: { sector: 'counter_trafficking', kind: 'screening' }, concernsMembers: true },
  evolve: (_state, { risk }) => ({ screened: true, riskOpen: risk === 'elevated' }),
});

export const riskDecided = defineEvent({
  data: z.object({}).describe('Protection has decided about the risk that the screening found.'),
  phase: 'screen',
  sentence: 'event.riskDecided',
  effects: { concernsMembers: true },
  evolve: () => ({ riskOpen: false }),
});
