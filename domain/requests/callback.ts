import { z } from 'zod';
import type { Instant } from '../time.ts';
import { versioned } from '../versioned.ts';
import { type Data, SENT } from './definition.ts';
import { CALLBACK_TYPES, type CallbackType, callbackOf, isVehicleCallback } from './index.ts';

/** A callback as the inbox keeps it: codes, instants, and durations in hours. Nothing in it names a person. */
export type InboxMessage = {
  partnerId: string;
  eventId: string;
  requestId?: string | undefined;
  /** `occurredAt` as the partner writes it, in operation time */
  callback: { type: CallbackType; occurredAt: Instant; data: Data };
  movementReference?: string | undefined;
  /** what the callback keeps secret, encrypted under the system's key until it stands with its person */
  encryptedNumber?: { keyId: string; encrypted: string } | undefined;
};

const Stored = z.object({
  callback: z
    .object({ type: z.enum(CALLBACK_TYPES), occurredAt: z.number(), data: z.record(z.string(), z.unknown()) })
    .transform((callback, context) => {
      const data = callbackOf(callback.type).stored.safeParse(callback.data);
      if (data.success) return { ...callback, data: data.data };
      for (const { path, message } of data.error.issues)
        context.addIssue({ code: 'custom', path: ['data', ...path], message });
      return z.NEVER;
    }),
  movementReference: z.string().optional(),
  encryptedNumber: z.object({ keyId: z.string(), encrypted: z.string() }).optional(),
});

export const STORED_INBOX_BODY = versioned({ name: 'Inbox body', version: 1, schema: Stored, upgrades: {} });

/** The part of a message that has no column of its own, in its stored form. */
export function storedInboxBody({ callback, movementReference, encryptedNumber }: InboxMessage) {
  return { version: STORED_INBOX_BODY.version, callback, movementReference, encryptedNumber };
}

const bodies = CALLBACK_TYPES.map((type) =>
  z.strictObject({
    type: z.literal(type),
    /** the partner's own; the same event again has the same id */
    event_id: z.string().regex(/^[\w:~+/=.-]{1,200}$/, 'Letters, digits and -_:~+/=.'),
    occurred_at: SENT.instant,
    data: callbackOf(type).sent,
    // A message about a vehicle names the request of its booking, or the reference that the movement was booked under.
    request_id: isVehicleCallback(type) ? SENT.requestId.optional() : SENT.requestId,
    movement_reference: isVehicleCallback(type) ? SENT.reference.optional() : z.never().optional(),
  }),
);
const [first, ...others] = bodies;
const Body = first && z.discriminatedUnion('type', [first, ...others]);

/**
 * A callback as the partner sends it. Unknown fields are refused.
 * @param encrypt for what may be stored only encrypted
 */
export function readCallback(
  partnerId: string,
  body: unknown,
  encrypt: (owner: string, secret: string) => { keyId: string; encrypted: string },
): { ok: true; message: InboxMessage } | { ok: false; issues: z.core.$ZodIssue[] } {
  const read = Body?.safeParse(body);
  if (!read?.success) return { ok: false, issues: read?.error.issues ?? [] };
  const {
    type,
    event_id: eventId,
    occurred_at: occurredAt,
    request_id: requestId,
    data,
    movement_reference: movementReference,
  } = read.data;
  const { stored, secret } = callbackOf(type);
  const hidden = secret === undefined ? undefined : data[secret];
  return {
    ok: true,
    message: {
      ...{ partnerId, eventId },
      ...(requestId === undefined ? {} : { requestId }),
      callback: { type, occurredAt, data: stored.parse(data) },
      ...(movementReference === undefined ? {} : { movementReference }),
      ...(typeof hidden === 'string' ? { encryptedNumber: encrypt(`${partnerId}:${eventId}`, hidden) } : {}),
    },
  };
}
