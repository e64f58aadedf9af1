import type { FastifyPluginAsync } from 'fastify';
import { z } from 'zod';
import type { Received } from '../../adapters/postgres/partners/inbox.ts';
import type { Verification } from '../../adapters/webhooks/signature.ts';
import type { Encrypted } from '../../application/partners/secrets.ts';
import { idPattern } from '../../domain/ids.ts';
import type { Callback } from '../../domain/partners/callback.ts';
import { HOUR, type Instant } from '../../domain/time.ts';
import { Problem, type ProblemError } from '../problems.ts';
import { type CallbackBody, callbackBody } from '../schemas/callbacks.ts';
import { allowedOf } from '../validation.ts';

export type CallbackPorts = {
  /** secrets that this partner signs with, newest first; empty where the partner is unknown */
  secretsOf(partnerId: string): Promise<string[]>;
  verify(
    input: { headers: Readonly<Record<string, string | string[] | undefined>>; body: Uint8Array },
    secrets: readonly string[],
    now: number,
  ): Verification;
  /** encrypts a document's number under the system's key, bound to `owner` */
  encrypt(owner: string, secrets: readonly string[]): Encrypted;
  /** takes the callback in and wakes whoever applies it; false where it was here before */
  receive(received: Received): Promise<boolean>;
  /** somebody signs as this partner and is not: an alarm, and nothing else */
  forged(partnerId: string, fault: string): Promise<void>;
  /** real time */
  clock: () => Instant;
};

/** A callback is a few codes; whatever is larger is none. */
const MOST_BYTES = 16 * 1024;

/**
 * `POST /v1/callbacks/{partner_id}`: answers of partners and updates of carriers. The signature is checked on the raw bytes
 * before anything is read. A stored event is answered 202, a repeated one too; it is applied afterwards.
 */
export const callbacks: FastifyPluginAsync<{ ports: CallbackPorts }> = async (app, { ports }) => {
  // Only within this plugin: the bytes as they came are what was signed.
  app.removeContentTypeParser(['application/json']);
  app.addContentTypeParser('application/json', { parseAs: 'buffer', bodyLimit: MOST_BYTES }, (_request, body, done) => {
    done(null, body);
  });

  app.post(
    '/v1/callbacks/:partner_id',
    {
      bodyLimit: MOST_BYTES,
      config: { access: 'callback.receive', open: true },
      schema: {
        summary: 'A partner answers, or a carrier reports on its vehicle',
        description:
          'Signed by Standard Webhooks with the secret of the partner, no older than five minutes. Stored once for each event_id and applied afterwards: docs/partner-protocol.md.',
        tags: ['callbacks'],
        params: z.object({ partner_id: z.string().regex(idPattern('partner')) }),
        response: { 202: z.object({ status: z.literal('received') }) },
      },
    },
    async (request, reply) => {
      const { partner_id: partnerId } = request.params as { partner_id: string };
      const raw = request.body;
      if (!Buffer.isBuffer(raw)) throw new Problem('unsupported_media_type');
      const secrets = await ports.secretsOf(partnerId);
      const verification = ports.verify({ headers: request.headers, body: raw }, secrets, ports.clock());
      // Which of it was wrong is not told, nor whether there is such a partner: a forger would learn from it.
      if (!verification.ok || secrets.length === 0) {
        if (secrets.length > 0) await ports.forged(partnerId, verification.ok ? 'no_match' : verification.fault);
        throw new Problem('signature_refused');
      }
      await ports.receive(receivedOf(partnerId, parse(raw), ports));
      return reply.code(202).send({ status: 'received' });
    },
  );
};

function parse(raw: Buffer): CallbackBody {
  let body: unknown;
  try {
    body = JSON.parse(raw.toString('utf8'));
  } catch {
    // Without its cause: the parser's message quotes the body.
    throw new Problem('malformed_json');
  }
  const parsed = callbackBody.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new Problem('invalid_request', { errors: parsed.error.issues.map(explain) });
}

/** Places by our own names; never what came, nor names of fields that are not ours. */
function explain(issue: z.core.$ZodIssue): ProblemError {
  const pointer = issue.path.map((segment) => `/${String(segment)}`).join('');
  const allowed = issue.code === 'invalid_value' ? allowedOf(issue.values) : undefined;
  if (allowed !== undefined) return { pointer, code: issue.code, ...allowed };
  return issue.code === 'unrecognized_keys'
    ? { pointer, code: 'unknown_field', detail: 'A field here is not part of this type.' }
    : { pointer, code: issue.code, detail: issue.message };
}

function receivedOf(partnerId: string, body: CallbackBody, ports: Pick<CallbackPorts, 'encrypt'>): Received {
  const movementReference = 'movement_reference' in body ? body.movement_reference : undefined;
  return {
    partnerId,
    eventId: body.event_id,
    ...(body.request_id === undefined ? {} : { requestId: body.request_id }),
    body: {
      callback: callbackOf(body),
      ...(movementReference === undefined ? {} : { movementReference }),
      ...(body.type === 'document.issued'
        ? { encryptedNumber: encryptNumber(partnerId, body.event_id, body.data.number, ports) }
        : {}),
    },
  };
}

/** A document's number identifies a person: the inbox holds it encrypted, until it is moved to the person. */
function encryptNumber(
  partnerId: string,
  eventId: string,
  number: string,
  { encrypt }: Pick<CallbackPorts, 'encrypt'>,
) {
  const { keyId, encrypted } = encrypt(`${partnerId}:${eventId}`, [number]);
  return { keyId, encrypted: encrypted.toString('base64') };
}

function callbackOf(body: CallbackBody): Callback {
  const { occurred_at: occurredAt } = body;
  switch (body.type) {
    case 'verification.acknowledged':
    case 'verification.retracted':
    case 'document.refused':
    case 'movement.departed':
      return { type: body.type, occurredAt, data: {} };
    case 'verification.more_info':
      return { type: body.type, occurredAt, data: { requestedEvidence: body.data.requested_evidence } };
    case 'verification.answered':
      return { type: body.type, occurredAt, data: { outcome: body.data.outcome } };
    case 'document.issued':
      return { type: body.type, occurredAt, data: { kind: body.data.kind, validUntil: body.data.valid_until } };
    case 'fitness.answered': {
      const { result, conditions, valid_for: validFor, review_after: reviewAfter, examined_at: examinedAt } = body.data;
      return {
        type: body.type,
        occurredAt,
        data: {
          result,
          conditions,
          examinedAt,
          ...(validFor === undefined ? {} : { validForHours: validFor / HOUR }),
          ...(reviewAfter === undefined ? {} : { reviewAfterHours: reviewAfter / HOUR }),
        },
      };
    }
    case 'exit_permit.answered': {
      const { answer, fine_waived: fineWaived, reason } = body.data;
      return {
        type: body.type,
        occurredAt,
        data: {
          answer,
          ...(fineWaived === undefined ? {} : { fineWaived }),
          ...(reason === undefined ? {} : { reason }),
        },
      };
    }
    case 'booking.confirmed':
      return { type: body.type, occurredAt, data: { bookingReference: body.data.booking_reference } };
    case 'booking.refused':
      return { type: body.type, occurredAt, data: { reason: body.data.reason } };
    case 'movement.smaller_vehicle': {
      const { vehicle, seats } = body.data;
      return {
        type: body.type,
        occurredAt,
        data: {
          ...(vehicle === undefined ? {} : { vehicle }),
          seats: {
            seat: seats.seat,
            infantLap: seats.infant_lap,
            stretcherBlock: seats.stretcher_block,
            wheelchair: seats.wheelchair,
          },
        },
      };
    }
    case 'movement.delayed':
      return {
        type: body.type,
        occurredAt,
        data: { newDepartsAt: body.data.new_departs_at, newArrivesAt: body.data.new_arrives_at },
      };
    case 'movement.cancelled':
      return { type: body.type, occurredAt, data: body.data?.reason === undefined ? {} : { reason: body.data.reason } };
    case 'movement.arrived':
      return { type: body.type, occurredAt, data: { stop: body.data.stop } };
  }
}
