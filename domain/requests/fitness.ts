import { z } from 'zod';
import { BEFORE_BOARDING, DATA } from '../journeys/events/define.ts';
import { HOUR } from '../time.ts';
import { answer, definePersonRequest, event, journeyPart, opened, REQUEST_FORMS, SENT } from './definition.ts';

const result = z.enum(['fit', 'fit_with', 'unfit']);

const Finding = z.object({
  kind: z.literal('fitness'),
  result,
  conditions: z.array(z.string()),
  until: z.number().optional(),
  reviewAt: z.number().optional(),
  examinedAt: z.number().optional(),
});

/** A health officer's finding settles a concern; a clinic's does where it examined the person after it. */
const settles = (
  { requestId, examinedAt }: { requestId?: string | undefined; examinedAt?: number | undefined },
  concernAt: number | undefined,
): boolean =>
  concernAt === undefined || requestId === undefined || (examinedAt !== undefined && examinedAt >= concernAt);

/** A clinic says whether a person is fit to travel, and until when. It examines for itself: it is sent no special needs. */
export const fitness = definePersonRequest({
  kind: 'fitness',
  to: 'clinic',
  summary: 'Ask the clinic for a health check',
  settles: 'fitness',
  fields: { required: ['reference', 'given_names', 'family_name'], helpful: ['sex', 'birth_date'] },
  phase: 'clearToTravel',
  waits: {
    answer: { key: 'fitness', what: 'fitnessAnswer' },
    decision: { key: 'fitness', what: 'fitnessAnswer' },
  },
  decides: 'health_officer',
  answer: Finding,
  laterCounts: true,
  callbacks: {
    'fitness.answered': answer({
      sent: z
        .strictObject({
          result,
          conditions: SENT.codes.default([]),
          valid_for: SENT.hours.optional(),
          review_after: SENT.hours.optional(),
          examined_at: SENT.instant,
        })
        .refine((data) => data.result === 'unfit' || data.valid_for !== undefined, {
          path: ['valid_for'],
          message: 'Whoever is fit is fit until a day',
        })
        .transform(({ valid_for, review_after, examined_at, ...data }) => ({
          ...data,
          validForHours: valid_for,
          reviewAfterHours: review_after,
          examinedAt: examined_at,
        })),
      stored: z.object({
        result,
        conditions: z.array(z.string()),
        validForHours: z.number().optional(),
        reviewAfterHours: z.number().optional(),
        examinedAt: z.number(),
      }),
      // An examination with a future time counts from now, so a fast clock of a partner extends no finding.
      read: (data, { now }) => {
        const examinedAt = Math.min(data.examinedAt, now);
        const after = (hours: number | undefined) => (hours === undefined ? undefined : examinedAt + hours * HOUR);
        const [until, reviewAt] = [after(data.validForHours), after(data.reviewAfterHours)];
        return {
          kind: 'fitness' as const,
          result: data.result,
          conditions: data.conditions,
          examinedAt,
          ...(until === undefined ? {} : { until }),
          ...(reviewAt === undefined ? {} : { reviewAt }),
        };
      },
    }),
  },
  journey: journeyPart({
    name: 'fitness',
    phase: 'clearToTravel',
    answer: Finding,
    missing: 'fitness',
    requested: 'fitnessRequested',
    state: z.object({
      status: z.enum(['unknown', 'requested', 'fit', 'fit_with', 'unfit', 'expired']),
      rounds: z.number(),
      conditions: z.array(z.string()),
      until: z.number().optional(),
      foundAt: z.number().optional(),
      reviewAt: z.number().optional(),
      /** when somebody last said that the person may be ill; absent once a later examination has settled it */
      concernAt: z.number().optional(),
      request: REQUEST_FORMS.open,
    }),
    events: {
      fitnessRequested: event({
        data: REQUEST_FORMS.requested.describe('A clinic receives a request for a fitness finding.'),
        sentence: 'event.fitnessRequested',
      }),
      fitnessFound: event({
        data: z
          .object({
            result: result.describe('the finding'),
            conditions: z.array(z.string()).describe('codes of what is needed on the way'),
            until: DATA.instant.optional().describe('the finding is valid until then'),
            reviewAt: DATA.instant.optional().describe('when to examine again'),
            examinedAt: DATA.instant.optional().describe('when the clinic examined the person'),
            requestId: DATA.requestId.optional(),
          })
          .describe('A clinic or a health officer reports the fitness to travel.'),
        sentence: ({ result }) => `event.fitnessFound.${result}`,
        effects: {
          service: { sector: 'health', kind: 'health_check' },
          freesSeats: BEFORE_BOARDING,
          freesSeatsIf: { result: 'unfit' },
        },
      }),
      healthConcernRaised: event({
        data: z.object({}).describe('Somebody says that the person may be ill. The person must be examined again.'),
        sentence: 'event.healthConcernRaised',
        effects: { freesSeats: BEFORE_BOARDING },
      }),
      fitnessExpired: event({
        data: z
          .object({ until: DATA.instant.describe('it was valid until then') })
          .describe('The finding is no longer valid.'),
        sentence: 'event.fitnessExpired',
      }),
    },
  })({
    empty: { status: 'unknown', rounds: 0, conditions: [] },
    apply: {
      // The last finding, fit or unfit, goes on holding while a new one is awaited.
      fitnessRequested: (before, data, at) => ({
        ...before,
        status: ['fit', 'fit_with', 'unfit'].includes(before.status) ? before.status : 'requested',
        rounds: data.round,
        request: opened(data, at),
      }),
      // A finding of before the concern says nothing about it.
      healthConcernRaised: ({ status, rounds, request }, _data, at) => ({
        status: status === 'requested' ? status : 'unknown',
        rounds,
        conditions: [],
        concernAt: at,
        ...(request === undefined ? {} : { request }),
      }),
      fitnessFound: ({ rounds, concernAt }, data, at) => ({
        ...(concernAt === undefined || settles(data, concernAt) ? {} : { concernAt }),
        status: settles(data, concernAt) ? data.result : 'unknown',
        rounds,
        foundAt: at,
        conditions: data.conditions,
        ...(data.until === undefined ? {} : { until: data.until }),
        ...(data.reviewAt === undefined ? {} : { reviewAt: data.reviewAt }),
      }),
      fitnessExpired: ({ rounds, conditions }) => ({ status: 'expired', rounds, conditions }),
    },
    answered(answer, _before, { requestId, open }) {
      if (!open || answer.kind === 'more_info') return undefined;
      if (answer.kind === 'acknowledged') return [];
      const { kind: _fitness, ...found } = answer;
      return [{ type: 'fitnessFound', data: { requestId, ...found } }];
    },
    recalled: ({ request: _recalled, ...before }) =>
      before.status === 'requested' ? { ...before, status: 'unknown' } : before,
  }),
});
