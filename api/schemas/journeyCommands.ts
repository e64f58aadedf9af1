import { z } from 'zod';
import { HOLD_TYPES } from '../../domain/holds.ts';
import type { JourneyCommand } from '../../domain/journeys/commands.ts';
import { Code, id, Moment, Note, Title } from './common.ts';

const nothing = z.strictObject({});

/** What each command of a person takes over HTTP. What travels to the workflow is made of it: ids, codes, instants. */
export const JOURNEY_ARGS = {
  confirmIdentity: nothing,
  completeScreening: z.strictObject({ risk: z.enum(['none', 'elevated', 'acute']) }),
  giveConsent: z.strictObject({
    form: z.enum(['explicit', 'proxy']).meta({ description: 'proxy: by a guardian' }),
    sharing: z.boolean().meta({ description: 'whether data may be shared with the partners that the way home needs' }),
  }),
  refuseConsent: nothing,
  reconfirmConsent: nothing,
  withdrawConsent: nothing,
  raiseHold: z.strictObject({ type: z.enum(HOLD_TYPES) }),
  releaseHold: z.strictObject({
    hold_id: id('hold'),
    reference: Title.meta({
      description: 'of the decision that allows it (BIA, BID, court, medical finding); never a name',
    }),
  }),
  provideEvidence: z.strictObject({ kinds: z.array(Code).min(1).max(20) }),
  requestVerificationAgain: nothing,
  requestOtherState: z.strictObject({ partner_id: id('partner').meta({ description: 'the consulate to ask' }) }),
  recordDocument: z.strictObject({
    kind: Code,
    valid_until: Moment,
    issued_by: z
      .string()
      .regex(/^[A-Z]{3}$/)
      .optional(),
  }),
  requestDocumentAgain: nothing,
  recordFitness: z.strictObject({
    result: z.enum(['fit', 'fit_with', 'unfit']),
    conditions: z.array(Code).max(20).default([]),
    until: Moment.optional(),
    review_at: Moment.optional(),
  }),
  requestExitPermitAgain: nothing,
  decideRoute: z.strictObject({ route: z.array(Code).min(1).max(20) }),
  splitOff: nothing,
  confirmHousehold: nothing,
  receive: z.strictObject({ site_id: id('site').optional() }),
  planReintegration: z.strictObject({
    dimensions: z
      .array(z.enum(['economic', 'social', 'psychosocial']))
      .min(1)
      .max(3),
  }),
  recordFollowUp: z.strictObject({ month: z.number().int().min(1).max(120), reached: z.boolean() }),
  dismissCancelRequest: nothing,
  endJourney: z.strictObject({
    ending: z.enum(['ineligible', 'referred_out', 'deceased', 'self_departed', 'lost_contact']),
  }),
} as const satisfies Record<JourneyCommand, z.ZodType>;

export type JourneyArgs<C extends JourneyCommand> = z.output<(typeof JOURNEY_ARGS)[C]>;

/** The body of a command: its arguments, and why. Without arguments `args` may be left away. */
export function commandBody<T extends z.ZodType>(args: T) {
  const free = args instanceof z.ZodObject && args.safeParse({}).success;
  return z.strictObject({
    args: free ? args.prefault({} as never) : args,
    reason_code: Code.optional().meta({ description: 'a code of why; free text goes into note' }),
    note: Note.optional(),
  });
}
