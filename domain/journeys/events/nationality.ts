import { z } from 'zod';
import type { OpenRequest } from '../stored.ts';
import { DATA, defineEvent, opened } from './define.ts';

export const verificationRequested = defineEvent({
  data: z
    .object({
      requestId: DATA.requestId,
      partnerId: DATA.partnerId,
      round: DATA.round,
    })
    .describe('A consulate receives a request to verify the nationality.'),
  phase: 'verifyNationality',
  sentence: 'event.verificationRequested',
  evolve: (state, data, at) => ({
    nationality: { ...state.nationality, status: 'requested', rounds: data.round, request: opened(data, at) },
  }),
});

export const verificationAcknowledged = defineEvent({
  data: z.object({ requestId: DATA.requestId }).describe('The consulate acknowledges the request.'),
  phase: 'verifyNationality',
  sentence: 'event.verificationAcknowledged',
  evolve: (state, data) => ({
    nationality: { ...state.nationality, request: acknowledged(state.nationality.request, data.requestId) },
  }),
});

export const evidenceRequested = defineEvent({
  data: z
    .object({
      requestId: DATA.requestId,
      requestedEvidence: z.array(z.string()).describe('codes of the evidence that it requests'),
    })
    .describe('The consulate requests evidence.'),
  phase: 'verifyNationality',
  sentence: 'event.evidenceRequested',
  evolve: (state, data) => ({
    nationality: {
      ...state.nationality,
      request: askedForEvidence(state.nationality.request, data.requestId, data.requestedEvidence),
    },
  }),
});

export const evidenceProvided = defineEvent({
  data: z
    .object({
      requestId: DATA.requestId,
      kinds: z.array(z.string()).describe('codes of the evidence that was sent'),
    })
    .describe('Evidence was sent to the consulate.'),
  phase: 'verifyNationality',
  sentence: 'event.evidenceProvided',
  evolve: (state, data, at) => {
    const request = askedForEvidence(state.nationality.request, data.requestId, []);
    return {
      nationality: { ...state.nationality, request: request && { ...request, evidence: { at, kinds: data.kinds } } },
    };
  },
});

export const nationalityConfirmed = defineEvent({
  data: z
    .object({
      requestId: DATA.requestId,
      partnerId: DATA.partnerId,
    })
    .describe('The nationality is confirmed.'),
  phase: 'verifyNationality',
  sentence: 'event.nationalityConfirmed',
  effects: {
    partnerEvent: { type: 'journey.verified', fields: [] },
    service: { sector: 'consular', kind: 'verification' },
    confirmsState: true,
  },
  evolve: (state, data) => ({
    nationality: { status: 'confirmed', rounds: state.nationality.rounds, partnerId: data.partnerId },
  }),
});

export const nationalityNotConfirmed = defineEvent({
  data: z
    .object({
      requestId: DATA.requestId,
      outcome: z.enum(['not_confirmed', 'undetermined']).describe('what the consulate answered'),
    })
    .describe('The consulate does not confirm the nationality.'),
  phase: 'verifyNationality',
  sentence: ({ outcome }) => `event.nationalityNotConfirmed.${outcome}`,
  evolve: (state, data) => ({
    nationality: { status: data.outcome, rounds: state.nationality.rounds },
  }),
});

export const nationalityRetracted = defineEvent({
  data: z.object({ requestId: DATA.requestId }).describe('The consulate retracts its confirmation.'),
  phase: 'verifyNationality',
  sentence: 'event.nationalityRetracted',
  evolve: (state) => ({ nationality: { status: 'retracted', rounds: state.nationality.rounds } }),
});

export const nationalityDecided = defineEvent({
  data: z
    .object({
      decision: z.enum(['request_again', 'request_other_state']).describe('what is done next'),
      partnerId: DATA.partnerId.optional(),
    })
    .describe('A person decides the next step on the nationality.'),
  phase: 'verifyNationality',
  sentence: ({ decision }) => `event.nationalityDecided.${decision}`,
  evolve: (state, data) => ({
    nationality: {
      status: 'open',
      rounds: state.nationality.rounds,
      ...(data.partnerId ? { partnerId: data.partnerId } : {}),
    },
  }),
});

export const partnerMissing = defineEvent({
  data: z
    .object({
      what: z.enum(['verification', 'document', 'fitness', 'exitPermit']).describe('the kind of request'),
    })
    .describe('The operation has no partner for the request.'),
  phase: 'here',
  sentence: ({ what }) => `event.partnerMissing.${what}`,
  evolve: (state, data) =>
    data.what === 'verification' ? { nationality: { status: 'undetermined', rounds: state.nationality.rounds } } : {},
});

export const requestRecalled = defineEvent({
  data: z.object({ requestId: DATA.requestId }).describe('A request to a partner is recalled.'),
  phase: 'here',
  sentence: 'event.requestRecalled',
  evolve: (state, data) =>
    state.nationality.request?.requestId === data.requestId
      ? { nationality: { status: 'open', rounds: state.nationality.rounds } }
      : {},
});

function acknowledged(request: OpenRequest | undefined, requestId: string): OpenRequest | undefined {
  return request?.requestId === requestId ? { ...request, acknowledged: true } : request;
}

function askedForEvidence(
  request: OpenRequest | undefined,
  requestId: string,
  requestedEvidence: string[],
): OpenRequest | undefined {
  return request?.requestId === requestId ? { ...request, acknowledged: true, requestedEvidence } : request;
}
