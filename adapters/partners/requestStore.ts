import type { Pool } from 'pg';
import type {
  BookingInput,
  Intent,
  PartnerRequestStore,
  ReceptionInput,
  RequestInput,
} from '../../activities/partners.ts';
import { derivedId } from '../../application/ids.ts';
import type { PartnerEndpoint } from '../../application/partners/partners.ts';
import type { SecretBox } from '../../application/partners/secrets.ts';
import { fieldsFor, minimised } from '../../domain/partners/fields.ts';
import { ASKED_OF, type PersonRequestKind } from '../../domain/partners/protocol.ts';
import { failedPreconditions } from '../../domain/preconditions.ts';
import { type Instant, iso } from '../../domain/time.ts';
import type { Keyring } from '../crypto/envelope.ts';
import { raiseAlarm } from '../postgres/alarms.ts';
import { databaseIn, type Queryable, transaction } from '../postgres/database.ts';
import { operationTime } from '../postgres/operations/clocks.ts';
import { choosePartner, findAgreement, readPartnerEndpoint } from '../postgres/partners/partners.ts';
import {
  countAttempt,
  intendRequest,
  lockRound,
  markAccepted,
  markFailed,
  markRecalled,
  type RequestRow,
  readRequest,
} from '../postgres/partners/requests.ts';
import { writeSent } from '../postgres/people/disclosures.ts';
import { readPreconditionInput } from '../postgres/preconditionInput.ts';
import { type MovementMessage, readMovementMessage } from './movementMessage.ts';
import { lockPerson, readPersonFields } from './person.ts';

export type PartnerRequestStoreDeps = {
  pool: Pool;
  keyring: Keyring;
  secrets: Pick<SecretBox, 'open'>;
  /** base address of the API for partners, without a slash at the end */
  callbackBase: string;
  /** epoch milliseconds of real time */
  now?: () => number;
};

/** `disclose` reads neither documents nor the age of a consent. */
const NO_NEEDS = { nationality: false, document: false, exitPermit: false };
const NO_RULES = { documentValidityAfterArrival: 0, consentMaxAge: 0 };

/** Requests to partners as rows: whether they may be sent, with which fields, and their result. */
export function partnerRequestStore({
  pool,
  keyring,
  secrets,
  callbackBase,
  now = Date.now,
}: PartnerRequestStoreDeps): PartnerRequestStore {
  const replyTo = (partnerId: string): string => `${callbackBase}/v1/callbacks/${partnerId}`;

  return {
    intend: (kind, input) => transaction(pool, (client) => intend(client, kind, input)),
    intendBooking: (input) => transaction(pool, (client) => intendMovement(client, 'booking', input)),
    intendReception: (input) => transaction(pool, (client) => intendMovement(client, 'reception', input)),
    intendEvidence: (input) => transaction(pool, (client) => intendEvidence(client, input)),
    async findRequest(requestId) {
      const request = await readRequest(pool, requestId);
      return request && { partnerId: request.partnerId, recalled: request.status === 'recalled' };
    },
    taken: (requestId, taken) => markAccepted(pool, requestId, taken),
    failed: (requestId, code, final) => markFailed(pool, requestId, code, final),
    recalled: (requestId) => markRecalled(pool, requestId),
    alarm: (partnerId, requestId, { code }) =>
      raiseAlarm(
        pool,
        { subject: partnerId, kind: 'partner_fails', detail: { code, request: requestId } },
        `${code} ${today(now())}`,
      ),
  };

  /**
   * One decision under the lock of the journey: a hold or a withdrawal comes before it, or waits until it is recorded.
   */
  async function intend(client: Queryable, kind: PersonRequestKind, input: RequestInput): Promise<Intent> {
    const person = await lockPerson(client, input.journeyId);
    const earlier = await earlierRequest(client, input.journeyId, kind, input.round, input.partnerId);
    if (earlier?.intent) return earlier.intent;
    const partner = earlier
      ? await readPartnerEndpoint(databaseIn(client), secrets, earlier.request.partnerId)
      : await choosePartner(databaseIn(client), secrets, {
          operationId: input.operationId,
          kind: ASKED_OF[kind],
          state: person.nationality,
          ...(input.partnerId === undefined ? {} : { partnerId: input.partnerId }),
        });
    if (!partner) return { outcome: 'no_partner' };
    const at = await operationTime(databaseIn(client), input.operationId, now());
    const unsure = earlier && { requestId: earlier.request.id, partnerId: earlier.request.partnerId };
    const may = await mayDisclose(client, {
      journeyId: input.journeyId,
      operationId: input.operationId,
      partnerId: partner.id,
      kind,
      at,
    });
    if ('reasons' in may) return { outcome: 'blocked', reasons: may.reasons, ...(unsure ? { unsure } : {}) };

    const sent = minimised(await readPersonFields(client, keyring, person), may.fields);
    const requestId = earlier?.request.id ?? derivedId('request', input.journeyId, kind, partner.id, input.round);
    const { operationId, round } = input;
    const requestedAt = earlier?.request.requestedAt ?? input.at;
    await intendRequest(client, {
      id: requestId,
      kind,
      subject: input.journeyId,
      operationId,
      partnerId: partner.id,
      round,
      requestedAt,
    });
    await writeSent(databaseIn(client), {
      // Under another consent or agreement it is another disclosure, even of the same request.
      id: derivedId('disclosure', requestId, person.consentVersion, may.agreementId),
      personId: person.personId,
      journeyId: input.journeyId,
      partnerId: partner.id,
      requestId,
      purpose: kind,
      fields: Object.keys(sent),
      consentVersion: person.consentVersion,
      agreementId: may.agreementId,
      at,
    });
    return ask(requestId, partner, earlier !== undefined, {
      kind,
      operation: operationId,
      requested_at: iso(requestedAt),
      person: sent,
    });
  }

  async function intendMovement(
    client: Queryable,
    kind: 'booking' | 'reception',
    input: BookingInput | ReceptionInput,
  ): Promise<Intent> {
    const movement = await readMovementMessage(client, input.movementId);
    const earlier = await earlierRequest(client, input.movementId, kind, input.round, input.partnerId);
    if (earlier?.intent) return earlier.intent;
    const partnerId = earlier?.request.partnerId ?? input.partnerId;
    const partner =
      kind === 'booking'
        ? partnerId === undefined
          ? undefined
          : await readPartnerEndpoint(databaseIn(client), secrets, partnerId)
        : await choosePartner(databaseIn(client), secrets, {
            operationId: input.operationId,
            kind: ASKED_OF[kind],
            ...(partnerId === undefined ? {} : { partnerId }),
          });
    if (!partner) return { outcome: 'no_partner' };
    if (kind === 'reception') {
      // It names no person, but only a partner with an agreement receives the schedule.
      const at = await operationTime(databaseIn(client), input.operationId, now());
      const agreed = await findAgreement(databaseIn(client), {
        partnerId: partner.id,
        operationId: input.operationId,
        purpose: kind,
        at,
      });
      if (!agreed) return { outcome: 'blocked', reasons: ['no_agreement'] };
    }
    const requestId = earlier?.request.id ?? derivedId('request', input.movementId, kind, partner.id, input.round);
    const { operationId, round } = input;
    const requestedAt = earlier?.request.requestedAt ?? input.at;
    await intendRequest(client, {
      id: requestId,
      kind,
      subject: input.movementId,
      operationId,
      partnerId: partner.id,
      round,
      requestedAt,
    });
    return ask(requestId, partner, earlier !== undefined, {
      kind,
      operation: operationId,
      requested_at: iso(requestedAt),
      movement,
    });
  }

  async function intendEvidence(
    client: Queryable,
    { journeyId, requestId, kinds, at: saidAt }: { journeyId: string; requestId: string; kinds: string[]; at: Instant },
  ): Promise<{ partnerId: string; messageId: string } | undefined> {
    const request = await readRequest(client, requestId);
    if (!request || request.subject !== journeyId || request.status === 'recalled') return undefined;
    const person = await lockPerson(client, journeyId);
    const { operationId, partnerId } = request;
    const at = await operationTime(databaseIn(client), operationId, now());
    const may = await mayDisclose(client, { journeyId, operationId, partnerId, kind: 'verification', at });
    if ('reasons' in may) return undefined;
    const evidence = [...kinds].sort();
    await writeSent(databaseIn(client), {
      id: derivedId('disclosure', requestId, 'evidence', ...evidence, saidAt, person.consentVersion),
      personId: person.personId,
      journeyId,
      partnerId,
      requestId,
      purpose: 'verification',
      fields: evidence.map((kind) => `evidence:${kind}`),
      consentVersion: person.consentVersion,
      agreementId: may.agreementId,
      at,
    });
    return { partnerId, messageId: `${requestId}:evidence:${saidAt}` };
  }

  /** The request of this round, if it is recorded; with `intent` if the partner is known to have it. */
  async function earlierRequest(
    client: Queryable,
    subject: string,
    kind: RequestRow['kind'],
    round: number,
    wanted: string | undefined,
  ): Promise<{ request: RequestRow; intent?: Intent } | undefined> {
    const request = await lockRound(client, subject, kind, round);
    if (!request) return undefined;
    switch (request.status) {
      case 'sent':
      case 'acknowledged':
      case 'answered': {
        await countAttempt(client, request.id);
        const { id: requestId, partnerId, requestedAt: at, reply } = request;
        return {
          request,
          intent: { outcome: 'already_requested', requestId, partnerId, at, ...(reply ? { reply } : {}) },
        };
      }
      case 'recalled':
        return { request, intent: { outcome: 'blocked', reasons: ['recalled'] } };
      default:
        // The new partner differs from the one that failed, so it is another request.
        return wanted !== undefined && wanted !== request.partnerId ? undefined : { request };
    }
  }

  function ask(requestId: string, partner: PartnerEndpoint, lookUpFirst: boolean, message: RequestBody): Intent {
    const { id: partnerId } = partner;
    return {
      outcome: 'ask',
      request: {
        requestId,
        partnerId,
        lookUpFirst,
        message: { request_id: requestId, ...message, reply_to: replyTo(partnerId) },
      },
    };
  }

  async function mayDisclose(
    client: Queryable,
    about: { journeyId: string; operationId: string; partnerId: string; kind: PersonRequestKind; at: Instant },
  ): Promise<{ reasons: string[] } | { agreementId: string; fields: ReturnType<typeof fieldsFor> & object }> {
    const { journeyId, operationId, partnerId, kind, at } = about;
    const input = (await readPreconditionInput(databaseIn(client), [journeyId], { at, partnerId, purpose: kind })).get(
      journeyId,
    );
    if (!input) return { reasons: ['unknown_person'] };
    const reasons = failedPreconditions('disclose', input, { now: at, needs: NO_NEEDS, rules: NO_RULES });
    if (reasons.length > 0) return { reasons: reasons.map(({ code }) => code) };
    const agreement = await findAgreement(databaseIn(client), { partnerId, operationId, purpose: kind, at });
    const fields = agreement && fieldsFor(kind, agreement.fields);
    return agreement && fields ? { agreementId: agreement.id, fields } : { reasons: ['agreement_too_narrow'] };
  }
}

type RequestBody = {
  kind: string;
  operation: string;
  requested_at: string;
  person?: Record<string, string>;
  movement?: MovementMessage;
};

/** One alarm of a kind a day: a partner that fails for hours is one incident. */
const today = (real: number): string => iso(real).slice(0, 10);
