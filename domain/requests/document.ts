import { z } from 'zod';
import { BEFORE_BOARDING, DATA } from '../journeys/events/define.ts';
import { instantOf } from '../time.ts';
import { answer, definePersonRequest, event, journeyPart, opened, REQUEST_FORMS, SENT } from './definition.ts';

const { requestId, documentId } = DATA;
const validUntil = DATA.instant.describe('the document is valid until then');
const lastMomentOf = z.iso.date().transform((day) => instantOf(`${day}T23:59:59Z`));

const Answer = z.union([
  z.object({ kind: z.literal('document'), outcome: z.literal('issued'), documentId: z.string(), validUntil }),
  z.object({ kind: z.literal('document'), outcome: z.literal('refused') }),
]);

/** A consulate issues a travel document to a national. */
export const document = definePersonRequest({
  kind: 'document',
  to: 'consulate',
  summary: 'Ask the consulate for a travel document',
  settles: 'document',
  fields: {
    required: ['reference', 'given_names', 'family_name', 'sex', 'nationality'],
    helpful: ['birth_date', 'document_type', 'document_number'],
  },
  phase: 'secureDocuments',
  waits: {
    answer: { key: 'document', what: 'documentIssue' },
    decision: { key: 'document', what: 'documentDecision' },
  },
  decides: 'consular_officer',
  answer: Answer,
  callbacks: {
    'document.issued': answer({
      sent: z
        .strictObject({
          number: z.string().regex(/^[A-Za-z0-9<-]{1,40}$/, 'The number as printed'),
          valid_until: z.union([SENT.instant, lastMomentOf]),
          kind: SENT.code,
        })
        .transform(({ number, kind, valid_until }) => ({ number, kind, validUntil: valid_until })),
      stored: z.object({ kind: z.string(), validUntil: z.number() }),
      // It identifies a person: until it stands with them, it is stored under the system's key.
      secret: 'number',
      read: (data, context) => ({
        kind: 'document' as const,
        outcome: 'issued' as const,
        documentId: context.documentId,
        validUntil: data.validUntil,
      }),
      document: (data) => data,
    }),
    'document.refused': answer({
      sent: SENT.nothing,
      stored: SENT.nothing,
      read: () => ({ kind: 'document' as const, outcome: 'refused' as const }),
    }),
  },
  journey: journeyPart({
    name: 'document',
    phase: 'secureDocuments',
    answer: Answer,
    missing: 'document',
    requested: 'documentRequested',
    state: z.object({
      status: z.enum(['none', 'held', 'requested', 'issued', 'refused', 'expired']),
      rounds: z.number(),
      documentId: z.string().optional(),
      validUntil: z.number().optional(),
      request: REQUEST_FORMS.open,
    }),
    events: {
      documentHeld: event({
        data: z.object({ documentId, validUntil }).describe('The person holds a travel document.'),
        sentence: 'event.documentHeld',
      }),
      documentRequested: event({
        data: REQUEST_FORMS.requested.describe('A travel document is requested.'),
        sentence: 'event.documentRequested',
      }),
      documentIssued: event({
        data: z.object({ requestId, documentId, validUntil }).describe('A travel document is issued.'),
        sentence: 'event.documentIssued',
        effects: {
          partnerEvent: { type: 'journey.document_issued', fields: [] },
          service: { sector: 'consular', kind: 'document' },
        },
      }),
      documentRefused: event({
        data: z.object({ requestId }).describe('A travel document is refused.'),
        sentence: 'event.documentRefused',
      }),
      documentDecided: event({
        data: z.object({}).describe('A person decides that the document is requested again.'),
        sentence: 'event.documentDecided',
      }),
      documentExpired: event({
        data: z.object({ documentId }).describe('A travel document is no longer valid long enough.'),
        sentence: 'event.documentExpired',
        effects: { freesSeats: BEFORE_BOARDING },
      }),
    },
  })({
    empty: { status: 'none', rounds: 0 },
    apply: {
      documentHeld: (before, data) => ({
        ...before,
        status: 'held',
        documentId: data.documentId,
        validUntil: data.validUntil,
      }),
      documentRequested: (before, data, at) => ({
        ...before,
        status: 'requested',
        rounds: data.round,
        request: opened(data, at),
      }),
      documentIssued: ({ rounds }, data) => ({
        status: 'issued',
        rounds,
        documentId: data.documentId,
        validUntil: data.validUntil,
      }),
      documentRefused: ({ rounds }) => ({ status: 'refused', rounds }),
      documentDecided: ({ rounds }) => ({ status: 'none', rounds }),
      documentExpired: ({ rounds }) => ({ status: 'expired', rounds }),
    },
    answered(answer, _before, { requestId, open }) {
      if (!open || answer.kind === 'more_info') return undefined;
      if (answer.kind === 'acknowledged') return [];
      if (answer.outcome === 'refused') return [{ type: 'documentRefused', data: { requestId } }];
      const { documentId, validUntil } = answer;
      return [{ type: 'documentIssued', data: { requestId, documentId, validUntil } }];
    },
    recalled: ({ request: _recalled, ...before }) =>
      before.status === 'requested' ? { ...before, status: 'none' } : before,
  }),
});
