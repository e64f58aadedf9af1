import { type CallFailure, type FailureRule, ruleFor } from '../domain/partners/failures.ts';
import type { PartnerReply, PersonRequestKind, RegistryOutcome } from '../domain/partners/protocol.ts';
import type { Instant } from '../domain/time.ts';
import { retryable } from './failures.ts';
import type { PartnerActivities, RequestOutcome } from './ports.ts';

/** A request that may be sent: recorded, with its entry in the disclosure ledger. */
export type PartnerRequest = {
  requestId: string;
  partnerId: string;
  /** body of the request */
  message: Record<string, unknown>;
  /** an earlier attempt may have arrived: a look-up comes before any retry */
  lookUpFirst: boolean;
};

/** Whether a request may be sent, and to which partner. */
export type Intent =
  | { outcome: 'ask'; request: PartnerRequest }
  /** the partner has the request of this round; `reply` if it answered at once */
  | { outcome: 'already_requested'; requestId: string; partnerId: string; at: Instant; reply?: Record<string, unknown> }
  /** `unsure`: an earlier attempt may have arrived before the preconditions failed */
  | { outcome: 'blocked'; reasons: string[]; unsure?: { requestId: string; partnerId: string } }
  | { outcome: 'no_partner' };

export type RequestInput = { journeyId: string; operationId: string; round: number; at: Instant; partnerId?: string };

export type BookingInput = { movementId: string; operationId: string; partnerId: string; round: number; at: Instant };

export type BookingOutcome =
  | { outcome: 'requested'; requestId: string; partnerId: string; at: Instant }
  | { outcome: 'booked'; requestId: string; partnerId: string; bookingRef: string; at: Instant }
  | { outcome: 'refused'; requestId: string; partnerId: string; reasonCode: string; at: Instant }
  | { outcome: 'no_partner' };

export type ReceptionInput = {
  movementId: string;
  operationId: string;
  round: number;
  at: Instant;
  partnerId?: string;
};

/** Activities for movements: counts and references only, no data of people. */
export type MovementPartnerActivities = {
  bookCarrier(input: BookingInput): Promise<BookingOutcome>;
  /** notifies the receiving agency how many people arrive, and when */
  announceArrival(input: ReceptionInput): Promise<RequestOutcome>;
};

/** The database port of these activities. Each method is one transaction. */
export type PartnerRequestStore = {
  /** Locks the journey, evaluates the preconditions of `disclose`, chooses the partner, and writes request and ledger. */
  intend(kind: PersonRequestKind, input: RequestInput): Promise<Intent>;
  intendBooking(input: BookingInput): Promise<Intent>;
  intendReception(input: ReceptionInput): Promise<Intent>;
  /** Evaluates the preconditions again and writes the ledger; undefined if nothing may be sent. */
  intendEvidence(input: {
    journeyId: string;
    requestId: string;
    kinds: string[];
    at: Instant;
  }): Promise<{ partnerId: string; messageId: string } | undefined>;
  findRequest(requestId: string): Promise<{ partnerId: string; recalled: boolean } | undefined>;
  taken(
    requestId: string,
    taken: { reference: string; acknowledged: boolean; reply?: Record<string, unknown> },
  ): Promise<void>;
  failed(requestId: string, code: string, final?: 'refused' | 'failed'): Promise<void>;
  recalled(requestId: string): Promise<void>;
  /** raised once for each partner and kind of failure until it is settled */
  alarm(partnerId: string, requestId: string, rule: Pick<FailureRule, 'code'>): Promise<void>;
};

export type Called<T> = { ok: true; value: T } | { ok: false; failure: CallFailure };

/** The HTTP port of these activities. A look-up returns `undefined` if the partner does not know the request. */
export type PartnerClient = {
  ask(partnerId: string, requestId: string, message: Record<string, unknown>): Promise<Called<PartnerReply>>;
  lookUp(partnerId: string, requestId: string): Promise<Called<PartnerReply | undefined>>;
  /** `known`: whether the partner has the request */
  notify(
    partnerId: string,
    about: {
      requestId: string;
      messageId: string;
      action: 'evidence' | 'recall' | 'reminders';
      body: Record<string, unknown>;
    },
  ): Promise<Called<{ known: boolean }>>;
};

export type PartnerActivityPorts = { store: PartnerRequestStore; wire: PartnerClient };

/** Codes of an immediate answer of a partner; other values are not stored. */
type ParseReply = (answer: Record<string, unknown>) => Record<string, unknown> | undefined;

const noReply: ParseReply = () => undefined;
const CODE = /^[A-Za-z0-9_]{1,64}$/;
const REFERENCE = /^[A-Za-z0-9._/-]{1,64}$/;
const REGISTRY_OUTCOMES: readonly RegistryOutcome[] = ['match', 'not_found', 'several'];

const registryReply: ParseReply = ({ outcome }) =>
  REGISTRY_OUTCOMES.some((known) => known === outcome) ? { outcome } : undefined;

const bookingReply: ParseReply = ({ booking_reference: reference, reason }) => {
  if (typeof reference === 'string' && REFERENCE.test(reference)) return { bookingRef: reference };
  return typeof reason === 'string' && CODE.test(reason) ? { reasonCode: reason } : undefined;
};

/** Requests to partners. One transaction before the call decides what the request holds and whether it may be sent. */
export function partnerActivities({
  store,
  wire,
}: PartnerActivityPorts): PartnerActivities & MovementPartnerActivities {
  const settle = async (request: { requestId: string; partnerId: string }, reply: PartnerReply, parse: ParseReply) => {
    const parsed = reply.answer && parse(reply.answer);
    await store.taken(request.requestId, {
      reference: reply.reference,
      acknowledged: reply.acknowledged,
      ...(parsed ? { reply: parsed } : {}),
    });
    return parsed;
  };

  /** The one place that turns a failed call into a retry, an alarm or an end. It returns only if no retry helps. */
  const fail = async (request: { requestId: string; partnerId: string }, failure: CallFailure): Promise<void> => {
    const rule = ruleFor(failure);
    await store.failed(request.requestId, rule.code, rule.then === 'give_up' ? 'refused' : undefined);
    if (rule.alarm) await store.alarm(request.partnerId, request.requestId, rule);
    if (rule.then === 'again')
      throw retryable(rule.code, failure.kind === 'status' ? failure.retryAfterSeconds : undefined);
  };

  /** Whether the partner has the request. A failed look-up fails the attempt: no request is repeated blindly. */
  const lookUp = async (request: { requestId: string; partnerId: string }): Promise<PartnerReply | undefined> => {
    const found = await wire.lookUp(request.partnerId, request.requestId);
    if (found.ok) return found.value;
    await fail(request, found.failure);
    return undefined;
  };

  type Requested =
    | { outcome: 'requested'; requestId: string; partnerId: string; at: Instant; reply?: Record<string, unknown> }
    | { outcome: 'blocked'; reasons: string[] }
    | { outcome: 'no_partner' };

  const carryOut = async (intent: Intent, at: Instant, parse: ParseReply): Promise<Requested> => {
    switch (intent.outcome) {
      case 'no_partner':
        return intent;
      case 'already_requested':
        return { ...intent, outcome: 'requested' };
      case 'blocked': {
        const { reasons, unsure } = intent;
        const found = unsure && (await lookUp(unsure));
        if (!unsure || !found) {
          if (unsure) await store.failed(unsure.requestId, 'blocked', 'failed');
          return { outcome: 'blocked', reasons };
        }
        // It was sent before the preconditions failed: it counts as sent, so that it can be recalled.
        const reply = await settle(unsure, found, parse);
        return { outcome: 'requested', ...unsure, at, ...(reply ? { reply } : {}) };
      }
      case 'ask': {
        const { request } = intent;
        const { requestId, partnerId } = request;
        let partner = request.lookUpFirst ? await lookUp(request) : undefined;
        if (!partner) {
          const called = await wire.ask(partnerId, requestId, request.message);
          if (!called.ok) {
            await fail(request, called.failure);
            return { outcome: 'no_partner' };
          }
          partner = called.value;
        }
        const reply = await settle(request, partner, parse);
        return { outcome: 'requested', requestId, partnerId, at, ...(reply ? { reply } : {}) };
      }
    }
  };

  const ask = async (kind: PersonRequestKind, input: RequestInput): Promise<RequestOutcome> => {
    const requested = await carryOut(await store.intend(kind, input), input.at, noReply);
    if (requested.outcome !== 'requested') return requested;
    const { requestId, partnerId, at } = requested;
    return { outcome: 'requested', requestId, partnerId, at };
  };

  /** For immediate answers: if the partner has the request and no answer arrived, a look-up follows. */
  const replyOf = async (requested: Extract<Requested, { outcome: 'requested' }>, parse: ParseReply) => {
    if (requested.reply) return requested.reply;
    const found = await lookUp(requested);
    return found && settle(requested, found, parse);
  };

  return {
    async lookUpIdentity(input) {
      const requested = await carryOut(await store.intend('registry', input), input.at, registryReply);
      if (requested.outcome !== 'requested') return requested;
      const reply = await replyOf(requested, registryReply);
      const outcome = REGISTRY_OUTCOMES.find((known) => known === reply?.['outcome']);
      if (!outcome) throw retryable('answer_pending');
      const { requestId, partnerId, at } = requested;
      return { outcome, requestId, partnerId, at };
    },
    requestVerification: (input) => ask('verification', input),
    requestDocument: (input) => ask('document', input),
    requestFitness: (input) => ask('fitness', input),
    requestExitPermit: (input) => ask('exit_permit', input),

    async sendEvidence({ journeyId, requestId, kinds, at }) {
      const intent = await store.intendEvidence({ journeyId, requestId, kinds, at });
      if (!intent) return { sent: false };
      const { partnerId, messageId } = intent;
      const answer = await wire.notify(partnerId, { requestId, messageId, action: 'evidence', body: { kinds } });
      if (answer.ok) return { sent: answer.value.known };
      await fail({ requestId, partnerId }, answer.failure);
      return { sent: false };
    },

    async recallRequest({ requestId }) {
      const request = await store.findRequest(requestId);
      if (!request) return { recalled: false };
      if (request.recalled) return { recalled: true };
      const answer = await wire.notify(request.partnerId, {
        requestId,
        messageId: `${requestId}:recall`,
        action: 'recall',
        body: {},
      });
      if (!answer.ok) {
        await fail({ requestId, partnerId: request.partnerId }, answer.failure);
        return { recalled: false };
      }
      // A partner that never had the request needs no recall.
      await store.recalled(requestId);
      return { recalled: true };
    },

    async remindPartner({ requestId, at }) {
      const request = await store.findRequest(requestId);
      if (!request || request.recalled) return { reminded: false };
      const answer = await wire.notify(request.partnerId, {
        requestId,
        messageId: `${requestId}:remind:${at}`,
        action: 'reminders',
        body: {},
      });
      if (answer.ok) return { reminded: answer.value.known };
      await fail({ requestId, partnerId: request.partnerId }, answer.failure);
      return { reminded: false };
    },

    async bookCarrier(input) {
      const requested = await carryOut(await store.intendBooking(input), input.at, bookingReply);
      if (requested.outcome !== 'requested') return { outcome: 'no_partner' };
      const { requestId, partnerId, at, reply } = requested;
      const { bookingRef, reasonCode } = reply ?? {};
      if (typeof bookingRef === 'string') return { outcome: 'booked', requestId, partnerId, bookingRef, at };
      if (typeof reasonCode === 'string') return { outcome: 'refused', requestId, partnerId, reasonCode, at };
      return { outcome: 'requested', requestId, partnerId, at };
    },

    async announceArrival(input) {
      const requested = await carryOut(await store.intendReception(input), input.at, noReply);
      if (requested.outcome !== 'requested') return requested;
      const { requestId, partnerId, at } = requested;
      return { outcome: 'requested', requestId, partnerId, at };
    },
  };
}
