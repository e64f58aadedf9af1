import { z } from 'zod';
import { BEFORE_BOARDING, DATA } from '../journeys/events/define.ts';
import {
  acknowledgement,
  answer,
  definePersonRequest,
  event,
  furtherEvidence,
  journeyPart,
  type OpenRequest,
  opened,
  REQUEST_FORMS,
  retraction,
} from './definition.ts';

const Answered = z.strictObject({ outcome: z.enum(['confirmed', 'not_confirmed', 'undetermined']) });
const { requestId, partnerId } = DATA;
const Nationality = z.object({
  kind: z.literal('nationality'),
  outcome: z.enum(['confirmed', 'not_confirmed', 'undetermined', 'retracted']),
});

/** A consulate says whether a person is a national of its State. */
export const verification = definePersonRequest({
  kind: 'verification',
  to: 'consulate',
  summary: 'Ask the consulate whether this is a national',
  settles: 'nationality',
  fields: {
    required: ['reference', 'given_names', 'family_name'],
    helpful: ['sex', 'birth_date', 'nationality', 'document_type', 'document_number'],
  },
  phase: 'verifyNationality',
  waits: {
    acknowledgement: { key: 'acknowledgement', what: 'verificationAcknowledgement' },
    answer: { key: 'verification', what: 'verificationAnswer' },
    decision: { key: 'nationality', what: 'nationalityDecision' },
  },
  decides: 'consular_officer',
  answer: Nationality,
  callbacks: {
    'verification.acknowledged': acknowledgement(),
    'verification.more_info': furtherEvidence(),
    'verification.answered': answer({
      sent: Answered,
      stored: Answered,
      read: ({ outcome }) => ({ kind: 'nationality' as const, outcome }),
    }),
    'verification.retracted': retraction({ kind: 'nationality', outcome: 'retracted' } as const),
  },
  journey: journeyPart({
    name: 'nationality',
    phase: 'verifyNationality',
    answer: Nationality,
    missing: 'verification',
    requested: 'verificationRequested',
    state: z.object({
      status: z.enum(['open', 'requested', 'confirmed', 'not_confirmed', 'undetermined', 'retracted']),
      rounds: z.number(),
      partnerId: z.string().optional(),
      request: REQUEST_FORMS.open,
    }),
    events: {
      verificationRequested: event({
        data: REQUEST_FORMS.requested.describe('A consulate receives a request to verify the nationality.'),
        sentence: 'event.verificationRequested',
      }),
      verificationAcknowledged: event({
        data: z.object({ requestId }).describe('The consulate acknowledges the request.'),
        sentence: 'event.verificationAcknowledged',
      }),
      evidenceRequested: event({
        data: z
          .object({
            requestId,
            requestedEvidence: z.array(z.string()).describe('codes of the evidence that it requests'),
          })
          .describe('The consulate requests evidence.'),
        sentence: 'event.evidenceRequested',
      }),
      evidenceProvided: event({
        data: z
          .object({ requestId, kinds: z.array(z.string()).describe('codes of the evidence that was sent') })
          .describe('Evidence was sent to the consulate.'),
        sentence: 'event.evidenceProvided',
      }),
      nationalityConfirmed: event({
        data: z.object({ requestId: requestId.optional(), partnerId }).describe('The nationality is confirmed.'),
        sentence: 'event.nationalityConfirmed',
        effects: {
          partnerEvent: { type: 'journey.verified', fields: [] },
          service: { sector: 'consular', kind: 'verification' },
          confirmsState: true,
        },
      }),
      nationalityNotConfirmed: event({
        data: z
          .object({
            requestId: requestId.optional(),
            outcome: z.enum(['not_confirmed', 'undetermined']).describe('what the consulate answered'),
          })
          .describe('The consulate does not confirm the nationality.'),
        sentence: ({ outcome }) => `event.nationalityNotConfirmed.${outcome}`,
      }),
      nationalityRetracted: event({
        data: z.object({ requestId }).describe('The consulate retracts its confirmation.'),
        sentence: 'event.nationalityRetracted',
        effects: { freesSeats: BEFORE_BOARDING },
      }),
      nationalityDecided: event({
        data: z
          .object({
            decision: z.enum(['request_again', 'request_other_state']).describe('what is done next'),
            partnerId: partnerId.optional(),
          })
          .describe('A person decides the next step on the nationality.'),
        sentence: ({ decision }) => `event.nationalityDecided.${decision}`,
      }),
    },
  })({
    empty: { status: 'open', rounds: 0 },
    apply: {
      verificationRequested: (before, data, at) => ({
        ...before,
        status: 'requested',
        rounds: data.round,
        request: opened(data, at),
      }),
      verificationAcknowledged: (before, data) => changed(before, data.requestId, { acknowledged: true }),
      evidenceRequested: (before, data) =>
        changed(before, data.requestId, { acknowledged: true, requestedEvidence: data.requestedEvidence }),
      evidenceProvided: (before, data, at) =>
        changed(before, data.requestId, {
          acknowledged: true,
          requestedEvidence: [],
          evidence: { at, kinds: data.kinds },
        }),
      nationalityConfirmed: ({ rounds }, data) => ({ status: 'confirmed', rounds, partnerId: data.partnerId }),
      nationalityNotConfirmed: ({ rounds }, data) => ({ status: data.outcome, rounds }),
      nationalityRetracted: ({ rounds }) => ({ status: 'retracted', rounds }),
      nationalityDecided: ({ rounds }, data) => ({
        status: 'open',
        rounds,
        ...(data.partnerId ? { partnerId: data.partnerId } : {}),
      }),
    },
    answered(answer, before, { requestId, partnerId, open }) {
      const data = { requestId };
      if (answer.kind === 'nationality' && answer.outcome === 'retracted') {
        const its = before.status === 'confirmed' && before.partnerId === partnerId;
        return its ? [{ type: 'nationalityRetracted', data }] : undefined;
      }
      if (!open) return undefined;
      if (answer.kind === 'acknowledged')
        return before.request?.acknowledged ? [] : [{ type: 'verificationAcknowledged', data }];
      if (answer.kind === 'more_info')
        return [{ type: 'evidenceRequested', data: { requestId, requestedEvidence: answer.requestedEvidence } }];
      const { outcome } = answer;
      if (outcome === 'confirmed') return [{ type: 'nationalityConfirmed', data: { requestId, partnerId } }];
      return outcome === 'retracted' ? undefined : [{ type: 'nationalityNotConfirmed', data: { requestId, outcome } }];
    },
    recalled: ({ rounds }) => ({ status: 'open', rounds }),
    withoutPartner: ({ rounds }) => ({ status: 'undetermined', rounds }),
  }),
});

function changed<S extends { request?: OpenRequest | undefined }>(
  before: S,
  requestId: string,
  change: Partial<OpenRequest>,
): S {
  return before.request?.requestId === requestId ? { ...before, request: { ...before.request, ...change } } : before;
}
