import { z } from 'zod';
import { versioned } from '../versioned.ts';
import type { CallbackType } from './protocol.ts';

/** Epoch milliseconds of operation time. */
const Instant = z.number();
const Nothing = z.object({});

const callback = <T extends CallbackType, D extends z.ZodType>(type: T, data: D) =>
  z.object({
    type: z.literal(type),
    /** as the partner writes it */
    occurredAt: Instant,
    data,
  });

/** One callback as the inbox stores it: codes, instants, and durations in hours of operation time. */
const Callback = z.discriminatedUnion('type', [
  callback('verification.acknowledged', Nothing),
  callback('verification.more_info', z.object({ requestedEvidence: z.array(z.string()) })),
  callback('verification.answered', z.object({ outcome: z.enum(['confirmed', 'not_confirmed', 'undetermined']) })),
  callback('verification.retracted', Nothing),
  // The number is encrypted before anything is stored, so the inbox never holds it as text.
  callback('document.issued', z.object({ kind: z.string(), validUntil: Instant })),
  callback('document.refused', Nothing),
  callback(
    'fitness.answered',
    z.object({
      result: z.enum(['fit', 'fit_with', 'unfit']),
      conditions: z.array(z.string()),
      validForHours: z.number().optional(),
      reviewAfterHours: z.number().optional(),
      examinedAt: Instant,
    }),
  ),
  callback(
    'exit_permit.answered',
    z.object({
      answer: z.enum(['granted', 'refused', 'not_required']),
      fineWaived: z.boolean().optional(),
      reason: z.string().optional(),
    }),
  ),
  callback('booking.confirmed', z.object({ bookingReference: z.string() })),
  callback('booking.refused', z.object({ reason: z.string() })),
  callback(
    'movement.smaller_vehicle',
    z.object({
      vehicle: z.string().optional(),
      seats: z.object({
        seat: z.number(),
        infantLap: z.number(),
        stretcherBlock: z.number(),
        wheelchair: z.number(),
      }),
    }),
  ),
  callback('movement.delayed', z.object({ newDepartsAt: Instant, newArrivesAt: Instant })),
  callback('movement.cancelled', z.object({ reason: z.string().optional() })),
  callback('movement.departed', Nothing),
  callback('movement.arrived', z.object({ stop: z.string() })),
]);
export type Callback = z.infer<typeof Callback>;

/** What the inbox stores: the parsed callback without anything that names a person (the document number is encrypted). */
const InboxBody = z.object({
  callback: Callback,
  movementReference: z.string().optional(),
  /** number of an issued document, encrypted under the system's key until it is re-encrypted under the person's key */
  encryptedNumber: z.object({ keyId: z.string(), encrypted: z.string() }).optional(),
});
export type InboxBody = z.infer<typeof InboxBody>;

export const STORED_INBOX_BODY = versioned({ name: 'Inbox body', version: 1, schema: InboxBody, upgrades: {} });

/** A body in its stored form. */
export const storedInboxBody = (body: InboxBody) => ({ version: STORED_INBOX_BODY.version, ...body });
