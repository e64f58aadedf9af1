import { z } from 'zod';
import { answer, defineMovementRequest, SENT } from './definition.ts';

const kind = z.literal('booking');
const Booked = z.object({ kind, outcome: z.literal('booked'), bookingRef: z.string() });
const Refused = z.object({ kind, outcome: z.literal('refused'), reasonCode: z.string() });

const Answer = z.union([Booked, Refused]);

/** A carrier confirms a movement, which is its clearance. It is named by the movement, and a person looks for another. */
export const booking = defineMovementRequest({
  kind: 'booking',
  to: 'carrier',
  summary: 'Book the carrier',
  settles: 'clearance',
  byAgreement: false,
  waits: { answer: { key: 'carrier', what: 'carrierAnswer' } },
  decides: 'movement_officer',
  answer: Answer,
  callbacks: {
    'booking.confirmed': answer({
      sent: z
        .strictObject({ booking_reference: SENT.reference })
        .transform((data) => ({ bookingReference: data.booking_reference })),
      stored: z.object({ bookingReference: z.string() }),
      read: (data) => ({ kind: 'booking' as const, outcome: 'booked' as const, bookingRef: data.bookingReference }),
    }),
    'booking.refused': answer({
      sent: z.strictObject({ reason: SENT.code }),
      stored: z.object({ reason: z.string() }),
      read: (data) => ({ kind: 'booking' as const, outcome: 'refused' as const, reasonCode: data.reason }),
    }),
  },
  atOnce: {
    required: false,
    read: ({ booking_reference, reason }): z.infer<typeof Answer> | undefined => {
      const [reference, code] = [SENT.reference.safeParse(booking_reference), SENT.code.safeParse(reason)];
      if (reference.success) return { kind: 'booking', outcome: 'booked', bookingRef: reference.data };
      return code.success ? { kind: 'booking', outcome: 'refused', reasonCode: code.data } : undefined;
    },
  },
});
