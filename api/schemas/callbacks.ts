import { z } from 'zod';
import { idPattern } from '../../domain/ids.ts';
import { Duration } from './common.ts';

/** Reasons, conditions and kinds of evidence are codes: free text of a partner would be text about a person. */
const code = z.string().regex(/^[A-Za-z0-9_]{1,64}$/, 'A code of letters, digits and underscores');
const codes = z.array(code).max(20);
const reference = z.string().regex(/^[A-Za-z0-9._/-]{1,64}$/, 'A reference of letters, digits and ._/-');
const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const seats = z.number().int().min(0).max(10_000);

const envelope = {
  /** the partner's own; the same event again has the same id */
  event_id: z.string().regex(/^[\w:~+/=.-]{1,200}$/, 'Letters, digits and -_:~+/=.'),
  occurred_at: instant,
};
const aboutRequest = { ...envelope, request_id: z.string().regex(idPattern('request')) };
const aboutVehicle = {
  ...envelope,
  /** the booking's request, or the reference that the movement was booked under */
  request_id: z.string().regex(idPattern('request')).optional(),
  movement_reference: reference.optional(),
};
const nothing = z.strictObject({}).optional();

const answers = [
  z.strictObject({ ...aboutRequest, type: z.literal('verification.acknowledged'), data: nothing }),
  z.strictObject({
    ...aboutRequest,
    type: z.literal('verification.more_info'),
    data: z.strictObject({ requested_evidence: codes.min(1) }),
  }),
  z.strictObject({
    ...aboutRequest,
    type: z.literal('verification.answered'),
    data: z.strictObject({ outcome: z.enum(['confirmed', 'not_confirmed', 'undetermined']) }),
  }),
  z.strictObject({ ...aboutRequest, type: z.literal('verification.retracted'), data: nothing }),
  z.strictObject({
    ...aboutRequest,
    type: z.literal('document.issued'),
    data: z.strictObject({
      number: z.string().regex(/^[A-Za-z0-9<-]{1,40}$/, 'The number as printed'),
      valid_until: z.union([instant, z.iso.date().transform((text) => Date.parse(`${text}T23:59:59Z`))]),
      kind: code,
    }),
  }),
  z.strictObject({ ...aboutRequest, type: z.literal('document.refused'), data: nothing }),
  z.strictObject({
    ...aboutRequest,
    type: z.literal('fitness.answered'),
    data: z
      .strictObject({
        result: z.enum(['fit', 'fit_with', 'unfit']),
        conditions: codes.default([]),
        valid_for: Duration.optional(),
        review_after: Duration.optional(),
        examined_at: instant,
      })
      .refine(({ result, valid_for: validFor }) => result === 'unfit' || validFor !== undefined, {
        path: ['valid_for'],
        message: 'Whoever is fit is fit until a day',
      }),
  }),
  z.strictObject({
    ...aboutRequest,
    type: z.literal('exit_permit.answered'),
    data: z.strictObject({
      answer: z.enum(['granted', 'refused', 'not_required']),
      fine_waived: z.boolean().optional(),
      reason: code.optional(),
    }),
  }),
  z.strictObject({
    ...aboutRequest,
    type: z.literal('booking.confirmed'),
    data: z.strictObject({ booking_reference: reference }),
  }),
  z.strictObject({ ...aboutRequest, type: z.literal('booking.refused'), data: z.strictObject({ reason: code }) }),
] as const;

const vehicle = [
  z.strictObject({
    ...aboutVehicle,
    type: z.literal('movement.smaller_vehicle'),
    data: z.strictObject({
      vehicle: z.string().max(120).optional(),
      seats: z.strictObject({
        seat: seats,
        infant_lap: seats,
        stretcher_block: seats,
        wheelchair: seats,
      }),
    }),
  }),
  z.strictObject({
    ...aboutVehicle,
    type: z.literal('movement.delayed'),
    data: z
      .strictObject({ new_departs_at: instant, new_arrives_at: instant })
      .refine((times) => times.new_departs_at <= times.new_arrives_at, {
        path: ['new_arrives_at'],
        message: 'Arrival lies after departure',
      }),
  }),
  z.strictObject({
    ...aboutVehicle,
    type: z.literal('movement.cancelled'),
    data: z.strictObject({ reason: code.optional() }).optional(),
  }),
  z.strictObject({ ...aboutVehicle, type: z.literal('movement.departed'), data: nothing }),
  z.strictObject({ ...aboutVehicle, type: z.literal('movement.arrived'), data: z.strictObject({ stop: reference }) }),
] as const;

/** Body of a callback, by type. Unknown fields are refused. */
export const callbackBody = z.discriminatedUnion('type', [...answers, ...vehicle]);
export type CallbackBody = z.output<typeof callbackBody>;
