import { z } from 'zod';
import { DATA } from '../journeys/events/define.ts';
import { answer, definePersonRequest, event, journeyPart, opened, REQUEST_FORMS, SENT } from './definition.ts';

/** The code for an answer without a code of its own. */
const UNSTATED = 'unstated';

const kind = z.literal('exit_permit');
const outcome = z.enum(['granted', 'refused', 'not_required']);
const { requestId } = DATA;

const Answer = z.union([
  z.object({ kind, outcome: z.enum(['granted', 'not_required']), fineWaived: z.boolean() }),
  z.object({ kind, outcome: z.literal('refused'), reasonCode: z.string() }),
]);

/** A border authority lets a person leave. */
export const exitPermit = definePersonRequest({
  kind: 'exit_permit',
  to: 'border',
  summary: 'Ask the authority for an exit permit',
  settles: 'exit_permit',
  fields: {
    required: ['reference', 'given_names', 'family_name'],
    helpful: ['sex', 'birth_date', 'nationality', 'document_type', 'document_number'],
  },
  phase: 'clearToTravel',
  waits: {
    answer: { key: 'exitPermit', what: 'exitPermitAnswer' },
    decision: { key: 'exitPermit', what: 'exitPermitDecision' },
  },
  decides: 'coordinator',
  answer: Answer,
  callbacks: {
    'exit_permit.answered': answer({
      sent: z
        .strictObject({ answer: outcome, fine_waived: z.boolean().optional(), reason: SENT.code.optional() })
        .transform(({ fine_waived, ...data }) => ({ ...data, fineWaived: fine_waived })),
      stored: z.object({ answer: outcome, fineWaived: z.boolean().optional(), reason: z.string().optional() }),
      read: (data) =>
        data.answer === 'refused'
          ? { kind: 'exit_permit' as const, outcome: data.answer, reasonCode: data.reason ?? UNSTATED }
          : { kind: 'exit_permit' as const, outcome: data.answer, fineWaived: data.fineWaived ?? false },
    }),
  },
  journey: journeyPart({
    name: 'exitPermit',
    phase: 'clearToTravel',
    answer: Answer,
    missing: 'exitPermit',
    requested: 'exitPermitRequested',
    state: z.object({
      status: z.enum(['open', 'requested', 'granted', 'refused', 'not_required']),
      rounds: z.number(),
      request: REQUEST_FORMS.open,
    }),
    events: {
      exitPermitRequested: event({
        data: REQUEST_FORMS.requested.describe('An exit permit is requested.'),
        sentence: 'event.exitPermitRequested',
      }),
      exitPermitGranted: event({
        data: z
          .object({ requestId: requestId.optional(), fineWaived: z.boolean().describe('whether a fine was waived') })
          .describe('The exit permit is granted.'),
        sentence: 'event.exitPermitGranted',
        effects: { service: { sector: 'border_management', kind: 'exit_permit' } },
      }),
      exitPermitRefused: event({
        data: z.object({ requestId: requestId.optional() }).describe('The exit permit is refused.'),

        sentence: 'event.exitPermitRefused',
      }),
      exitPermitNotRequired: event({
        data: z.object({ requestId: requestId.optional() }).describe('No exit permit is required.'),
        sentence: 'event.exitPermitNotRequired',
      }),
      exitPermitDecided: event({
        data: z.object({}).describe('A person decides that the permit is requested again.'),
        sentence: 'event.exitPermitDecided',
      }),
    },
  })({
    empty: { status: 'open', rounds: 0 },
    apply: {
      exitPermitRequested: (_before, data, at) => ({
        status: 'requested',
        rounds: data.round,
        request: opened(data, at),
      }),
      exitPermitGranted: ({ rounds }) => ({ status: 'granted', rounds }),
      exitPermitRefused: ({ rounds }) => ({ status: 'refused', rounds }),
      exitPermitNotRequired: ({ rounds }) => ({ status: 'not_required', rounds }),
      exitPermitDecided: ({ rounds }) => ({ status: 'open', rounds }),
    },
    answered(answer, _before, { requestId, open }) {
      if (!open || answer.kind === 'more_info') return undefined;
      if (answer.kind === 'acknowledged') return [];
      const data = { requestId };
      switch (answer.outcome) {
        case 'refused':
          return [{ type: 'exitPermitRefused', data, reasonCode: answer.reasonCode }];
        case 'not_required':
          return [{ type: 'exitPermitNotRequired', data }];
        case 'granted':
          return [{ type: 'exitPermitGranted', data: { requestId, fineWaived: answer.fineWaived } }];
      }
    },
    recalled: ({ rounds }) => ({ status: 'open', rounds }),
  }),
});
