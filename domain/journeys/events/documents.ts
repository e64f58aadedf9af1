import { z } from 'zod';
import { DATA, defineEvent, opened } from './define.ts';

export const documentHeld = defineEvent({
  data: z
    .object({
      documentId: DATA.documentId,
      validUntil: DATA.validUntil,
    })
    .describe('The person holds a travel document.'),
  phase: 'secureDocuments',
  sentence: 'event.documentHeld',
  evolve: (state, data) => ({
    document: { ...state.document, status: 'held', documentId: data.documentId, validUntil: data.validUntil },
  }),
});

export const documentRequested = defineEvent({
  data: z
    .object({
      requestId: DATA.requestId,
      partnerId: DATA.partnerId,
      round: DATA.round,
    })
    .describe('A travel document is requested.'),
  phase: 'secureDocuments',
  sentence: 'event.documentRequested',
  evolve: (state, data, at) => ({
    document: { ...state.document, status: 'requested', rounds: data.round, request: opened(data, at) },
  }),
});

export const documentIssued = defineEvent({
  data: z
    .object({
      requestId: DATA.requestId,
      documentId: DATA.documentId,
      validUntil: DATA.validUntil,
    })
    .describe('A travel document is issued.'),
  phase: 'secureDocuments',
  sentence: 'event.documentIssued',
  effects: {
    partnerEvent: { type: 'journey.document_issued', fields: [] },
    service: { sector: 'consular', kind: 'document' },
  },
  evolve: (state, data) => ({
    document: {
      status: 'issued',
      rounds: state.document.rounds,
      documentId: data.documentId,
      validUntil: data.validUntil,
    },
  }),
});

export const documentRefused = defineEvent({
  data: z.object({ requestId: DATA.requestId }).describe('A travel document is refused.'),
  phase: 'secureDocuments',
  sentence: 'event.documentRefused',
  evolve: (state) => ({ document: { status: 'refused', rounds: state.document.rounds } }),
});

export const documentDecided = defineEvent({
  data: z.object({}).describe('A person decides that the document is requested again.'),
  phase: 'secureDocuments',
  sentence: 'event.documentDecided',
  evolve: (state) => ({ document: { status: 'none', rounds: state.document.rounds } }),
});

export const documentExpired = defineEvent({
  data: z.object({ documentId: DATA.documentId }).describe('A travel document is no longer valid long enough.'),
  phase: 'secureDocuments',
  sentence: 'event.documentExpired',
  evolve: (state) => ({ document: { status: 'expired', rounds: state.document.rounds } }),
});

export const exitPermitRequested = defineEvent({
  data: z
    .object({
      requestId: DATA.requestId,
      partnerId: DATA.partnerId,
      round: DATA.round,
    })
    .describe('An exit permit is requested.'),
  phase: 'clearToTravel',
  sentence: 'event.exitPermitRequested',
  evolve: (_state, data, at) => ({
    exitPermit: { status: 'requested', rounds: data.round, request: opened(data, at) },
  }),
});

export const exitPermitGranted = defineEvent({
  data: z
    .object({
      requestId: DATA.requestId.optional(),
      fineWaived: z.boolean().describe('whether a fine was waived'),
    })
    .describe('The exit permit is granted.'),
  phase: 'clearToTravel',
  sentence: 'event.exitPermitGranted',
  effects: { service: { sector: 'border_management', kind: 'exit_permit' } },
  evolve: (state) => ({ exitPermit: { status: 'granted', rounds: state.exitPermit.rounds } }),
});

export const exitPermitRefused = defineEvent({
  data: z.object({ requestId: DATA.requestId }).describe('The exit permit is refused.'),
  phase: 'clearToTravel',
  sentence: 'event.exitPermitRefused',
  evolve: (state) => ({ exitPermit: { status: 'refused', rounds: state.exitPermit.rounds } }),
});

export const exitPermitNotRequired = defineEvent({
  data: z.object({ requestId: DATA.requestId.optional() }).describe('No exit permit is required.'),
  phase: 'clearToTravel',
  sentence: 'event.exitPermitNotRequired',
  evolve: (state) => ({ exitPermit: { status: 'not_required', rounds: state.exitPermit.rounds } }),
});

export const exitPermitDecided = defineEvent({
  data: z.object({}).describe('A person decides that the permit is requested again.'),
  phase: 'clearToTravel',
  sentence: 'event.exitPermitDecided',
  evolve: (state) => ({ exitPermit: { status: 'open', rounds: state.exitPermit.rounds } }),
});
