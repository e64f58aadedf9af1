import { z } from 'zod';
import { HOUR, type Instant } from '../time.ts';
import type { Callback } from './callback.ts';
import type { CallbackType } from './protocol.ts';
import { CALLBACKS } from './protocol.ts';

/** The code for an answer without a code of its own. */
const UNSTATED = 'unstated';

const of = <K extends string>(kind: K) => z.object({ kind: z.literal(kind) });
const fitness = z.enum(['fit', 'fit_with', 'unfit']);

/** What a partner answered, as codes, for the journey or movement that asked. */
const Answer = z.union([
  of('acknowledged'),
  of('more_info').extend({ requestedEvidence: z.array(z.string()) }),
  of('nationality').extend({ outcome: z.enum(['confirmed', 'not_confirmed', 'undetermined', 'retracted']) }),
  of('document').extend({ outcome: z.literal('issued'), documentId: z.string(), validUntil: z.number() }),
  of('document').extend({ outcome: z.literal('refused') }),
  of('fitness').extend({
    result: fitness,
    conditions: z.array(z.string()),
    until: z.number().optional(),
    reviewAt: z.number().optional(),
  }),
  of('exit_permit').extend({ outcome: z.enum(['granted', 'not_required']), fineWaived: z.boolean() }),
  of('exit_permit').extend({ outcome: z.literal('refused'), reasonCode: z.string() }),
  of('booking').extend({ outcome: z.literal('booked'), bookingRef: z.string() }),
  of('booking').extend({ outcome: z.literal('refused'), reasonCode: z.string() }),
]);
export type Answer = z.infer<typeof Answer>;

/** Signal `partnerAnswered`. The event key makes twice once. */
const PartnerAnswered = z.object({
  eventKey: z.string(),
  requestId: z.string(),
  partnerId: z.string(),
  at: z.number(),
  answer: Answer,
});
export type PartnerAnswered = z.infer<typeof PartnerAnswered>;

/** For the form in which messages that came early are carried. */
export const ANSWER_SCHEMA = Object.freeze({ partnerAnswered: PartnerAnswered });

/** What a carrier reports about its own vehicle. */
export type VehicleUpdate =
  | {
      kind: 'smaller_vehicle';
      capacity: { seats: number; infantLaps: number; stretchers: number; wheelchairs: number };
    }
  | { kind: 'delayed'; departsAt: Instant; arrivesAt: Instant }
  | { kind: 'cancelled' }
  | { kind: 'departed' }
  | { kind: 'arrived'; stop: string };

export function isVehicleUpdate(type: CallbackType): boolean {
  return CALLBACKS[type].of === null;
}

/**
 * The answer in a callback, with durations turned into instants. An examination with a future time counts from `now`, so
 * a fast clock of a partner extends no finding.
 * @param now operation time
 * @param documentId id of the document that `document.issued` brings
 */
export function answerOf(callback: Callback, now: Instant, documentId: string): Answer | undefined {
  switch (callback.type) {
    case 'verification.acknowledged':
      return { kind: 'acknowledged' };
    case 'verification.more_info':
      return { kind: 'more_info', requestedEvidence: callback.data.requestedEvidence };
    case 'verification.answered':
      return { kind: 'nationality', outcome: callback.data.outcome };
    case 'verification.retracted':
      return { kind: 'nationality', outcome: 'retracted' };
    case 'document.issued':
      return { kind: 'document', outcome: 'issued', documentId, validUntil: callback.data.validUntil };
    case 'document.refused':
      return { kind: 'document', outcome: 'refused' };
    case 'fitness.answered': {
      const { result, conditions, validForHours, reviewAfterHours } = callback.data;
      const examinedAt = Math.min(callback.data.examinedAt, now);
      return {
        kind: 'fitness',
        result,
        conditions,
        ...(validForHours === undefined ? {} : { until: examinedAt + validForHours * HOUR }),
        ...(reviewAfterHours === undefined ? {} : { reviewAt: examinedAt + reviewAfterHours * HOUR }),
      };
    }
    case 'exit_permit.answered': {
      const { answer, fineWaived, reason } = callback.data;
      return answer === 'refused'
        ? { kind: 'exit_permit', outcome: answer, reasonCode: reason ?? UNSTATED }
        : { kind: 'exit_permit', outcome: answer, fineWaived: fineWaived ?? false };
    }
    case 'booking.confirmed':
      return { kind: 'booking', outcome: 'booked', bookingRef: callback.data.bookingReference };
    case 'booking.refused':
      return { kind: 'booking', outcome: 'refused', reasonCode: callback.data.reason };
    default:
      return undefined;
  }
}

/** The message of a carrier about its vehicle in a callback; undefined for an answer to a request. */
export function vehicleUpdateOf(callback: Callback): VehicleUpdate | undefined {
  switch (callback.type) {
    case 'movement.smaller_vehicle': {
      const { seat, infantLap, stretcherBlock, wheelchair } = callback.data.seats;
      return {
        kind: 'smaller_vehicle',
        capacity: { seats: seat, infantLaps: infantLap, stretchers: stretcherBlock, wheelchairs: wheelchair },
      };
    }
    case 'movement.delayed':
      return { kind: 'delayed', departsAt: callback.data.newDepartsAt, arrivesAt: callback.data.newArrivesAt };
    case 'movement.cancelled':
      return { kind: 'cancelled' };
    case 'movement.departed':
      return { kind: 'departed' };
    case 'movement.arrived':
      return { kind: 'arrived', stop: callback.data.stop };
    default:
      return undefined;
  }
}
