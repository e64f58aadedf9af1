import { type CallFailure, type FailureRule, ruleFor } from '../domain/offices/failures.ts';
import type { OfficeReply, PersonRequestKind, RegistryOutcome } from '../domain/offices/protocol.ts';
import type { Instant } from '../domain/time.ts';
import { againLater } from './failures.ts';
import type { AskOutcome, OfficeActivities } from './ports.ts';

/** A question that may go out: written down, with its line in the ledger. */
export type Question = {
  requestId: string;
  partnerId: string;
  /** body of the request */
  message: Record<string, unknown>;
  /** an earlier attempt may have arrived: it is looked up before any repeat */
  lookUpFirst: boolean;
};

/** What came of asking whether, and whom, we may ask. */
export type Intent =
  | { outcome: 'ask'; question: Question }
  /** the office has the question of this round; `reply` where it answered at once */
  | { outcome: 'standing'; requestId: string; partnerId: string; at: Instant; reply?: Record<string, unknown> }
  /** `unsure`: an earlier attempt at this question may have arrived before the gate closed */
  | { outcome: 'blocked'; reasons: string[]; unsure?: { requestId: string; partnerId: string } }
  | { outcome: 'no_office' };

export type AskInput = { journeyId: string; operationId: string; round: number; at: Instant; partnerId?: string };

export type BookingInput = { movementId: string; operationId: string; partnerId: string; round: number; at: Instant };

export type BookingOutcome =
  | { outcome: 'asked'; requestId: string; partnerId: string; at: Instant }
  | { outcome: 'booked'; requestId: string; partnerId: string; bookingRef: string; at: Instant }
  | { outcome: 'refused'; requestId: string; partnerId: string; reasonCode: string; at: Instant }
  | { outcome: 'no_office' };

export type ReceptionInput = {
  movementId: string;
  operationId: string;
  round: number;
  at: Instant;
  partnerId?: string;
};

/** Activities for movements: no person in them, counts and references only. */
export type MovementOfficeActivities = {
  bookCarrier(input: BookingInput): Promise<BookingOutcome>;
  /** tells the agency that receives people at the end of the way how many come, and when */
  announceArrival(input: ReceptionInput): Promise<AskOutcome>;
};

/** What these activities need of the database. Each method is one transaction. */
export type OfficeStore = {
  /** Locks the journey, asks the gate `disclose` with fresh facts, chooses the office, writes question and ledger. */
  intend(kind: PersonRequestKind, input: AskInput): Promise<Intent>;
  intendBooking(input: BookingInput): Promise<Intent>;
  intendReception(input: ReceptionInput): Promise<Intent>;
  /** Asks the gate again and writes the ledger; undefined where nothing may be sent. */
  intendEvidence(input: {
    journeyId: string;
    requestId: string;
    kinds: string[];
    at: Instant;
  }): Promise<{ partnerId: string; messageId: string } | undefined>;
  findQuestion(requestId: string): Promise<{ partnerId: string; recalled: boolean } | undefined>;
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

/** What these activities need of the wire. `undefined` of a look-up: the office does not know the question. */
export type OfficeWire = {
  ask(partnerId: string, requestId: string, message: Record<string, unknown>): Promise<Called<OfficeReply>>;
  lookUp(partnerId: string, requestId: string): Promise<Called<OfficeReply | undefined>>;
  /** `known`: whether the office has the question that this is about */
  tell(
    partnerId: string,
    about: {
      requestId: string;
      messageId: string;
      action: 'evidence' | 'recall' | 'reminders';
      body: Record<string, unknown>;
    },
  ): Promise<Called<{ known: boolean }>>;
};

export type OfficePorts = { store: OfficeStore; wire: OfficeWire };

/** Codes of what an office may answer at once; anything else is kept out of the house. */
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

/** Questions to offices. What the question is and whether it may leave was decided in one transaction before the call. */
export function officeActivities({ store, wire }: OfficePorts): OfficeActivities & MovementOfficeActivities {
  const settle = async (question: { requestId: string; partnerId: string }, reply: OfficeReply, parse: ParseReply) => {
    const parsed = reply.answer && parse(reply.answer);
    await store.taken(question.requestId, {
      reference: reply.reference,
      acknowledged: reply.acknowledged,
      ...(parsed ? { reply: parsed } : {}),
    });
    return parsed;
  };

  /** The one place where a failed call becomes a retry, an alarm, or an end. Returns only where there is nothing to try. */
  const fail = async (question: { requestId: string; partnerId: string }, failure: CallFailure): Promise<void> => {
    const rule = ruleFor(failure);
    await store.failed(question.requestId, rule.code, rule.then === 'give_up' ? 'refused' : undefined);
    if (rule.alarm) await store.alarm(question.partnerId, question.requestId, rule);
    if (rule.then === 'again')
      throw againLater(rule.code, failure.kind === 'status' ? failure.retryAfterSeconds : undefined);
  };

  /** Whether the office has the question. A look-up that fails is a failed attempt: nothing is repeated blindly. */
  const lookUp = async (question: { requestId: string; partnerId: string }): Promise<OfficeReply | undefined> => {
    const found = await wire.lookUp(question.partnerId, question.requestId);
    if (found.ok) return found.value;
    await fail(question, found.failure);
    return undefined;
  };

  type Asked =
    | { outcome: 'asked'; requestId: string; partnerId: string; at: Instant; reply?: Record<string, unknown> }
    | { outcome: 'blocked'; reasons: string[] }
    | { outcome: 'no_office' };

  const carryOut = async (intent: Intent, at: Instant, parse: ParseReply): Promise<Asked> => {
    switch (intent.outcome) {
      case 'no_office':
        return intent;
      case 'standing':
        return { ...intent, outcome: 'asked' };
      case 'blocked': {
        const { reasons, unsure } = intent;
        const found = unsure && (await lookUp(unsure));
        if (!unsure || !found) {
          if (unsure) await store.failed(unsure.requestId, 'blocked', 'failed');
          return { outcome: 'blocked', reasons };
        }
        // It had gone out before the gate closed: it stands as asked, so that it can be recalled.
        const reply = await settle(unsure, found, parse);
        return { outcome: 'asked', ...unsure, at, ...(reply ? { reply } : {}) };
      }
      case 'ask': {
        const { question } = intent;
        const { requestId, partnerId } = question;
        let office = question.lookUpFirst ? await lookUp(question) : undefined;
        if (!office) {
          const called = await wire.ask(partnerId, requestId, question.message);
          if (!called.ok) {
            await fail(question, called.failure);
            return { outcome: 'no_office' };
          }
          office = called.value;
        }
        const reply = await settle(question, office, parse);
        return { outcome: 'asked', requestId, partnerId, at, ...(reply ? { reply } : {}) };
      }
    }
  };

  const ask = async (kind: PersonRequestKind, input: AskInput): Promise<AskOutcome> => {
    const asked = await carryOut(await store.intend(kind, input), input.at, noReply);
    if (asked.outcome !== 'asked') return asked;
    const { requestId, partnerId, at } = asked;
    return { outcome: 'asked', requestId, partnerId, at };
  };

  /** For answers that are expected at once: where the office has the question and no answer came, it is looked up. */
  const replyOf = async (asked: Extract<Asked, { outcome: 'asked' }>, parse: ParseReply) => {
    if (asked.reply) return asked.reply;
    const found = await lookUp(asked);
    return found && settle(asked, found, parse);
  };

  return {
    async lookUpIdentity(input) {
      const asked = await carryOut(await store.intend('registry', input), input.at, registryReply);
      if (asked.outcome !== 'asked') return asked;
      const reply = await replyOf(asked, registryReply);
      if (!reply) throw againLater('answer_pending');
      const { requestId, partnerId, at } = asked;
      return { outcome: reply['outcome'] as RegistryOutcome, requestId, partnerId, at };
    },
    requestVerification: (input) => ask('verification', input),
    requestDocument: (input) => ask('document', input),
    requestFitness: (input) => ask('fitness', input),
    requestExitPermit: (input) => ask('exit_permit', input),

    async sendEvidence({ journeyId, requestId, kinds, at }) {
      const intent = await store.intendEvidence({ journeyId, requestId, kinds, at });
      if (!intent) return { sent: false };
      const { partnerId, messageId } = intent;
      const told = await wire.tell(partnerId, { requestId, messageId, action: 'evidence', body: { kinds } });
      if (told.ok) return { sent: told.value.known };
      await fail({ requestId, partnerId }, told.failure);
      return { sent: false };
    },

    async recallRequest({ requestId }) {
      const question = await store.findQuestion(requestId);
      if (!question) return { recalled: false };
      if (question.recalled) return { recalled: true };
      const told = await wire.tell(question.partnerId, {
        requestId,
        messageId: `${requestId}:recall`,
        action: 'recall',
        body: {},
      });
      if (!told.ok) {
        await fail({ requestId, partnerId: question.partnerId }, told.failure);
        return { recalled: false };
      }
      // An office that never had the question has nothing to disregard.
      await store.recalled(requestId);
      return { recalled: true };
    },

    async remindOffice({ requestId, at }) {
      const question = await store.findQuestion(requestId);
      if (!question || question.recalled) return { reminded: false };
      const told = await wire.tell(question.partnerId, {
        requestId,
        messageId: `${requestId}:remind:${at}`,
        action: 'reminders',
        body: {},
      });
      if (told.ok) return { reminded: told.value.known };
      await fail({ requestId, partnerId: question.partnerId }, told.failure);
      return { reminded: false };
    },

    async bookCarrier(input) {
      const asked = await carryOut(await store.intendBooking(input), input.at, bookingReply);
      if (asked.outcome !== 'asked') return { outcome: 'no_office' };
      const { requestId, partnerId, at, reply } = asked;
      const { bookingRef, reasonCode } = reply ?? {};
      if (typeof bookingRef === 'string') return { outcome: 'booked', requestId, partnerId, bookingRef, at };
      if (typeof reasonCode === 'string') return { outcome: 'refused', requestId, partnerId, reasonCode, at };
      return { outcome: 'asked', requestId, partnerId, at };
    },

    async announceArrival(input) {
      const asked = await carryOut(await store.intendReception(input), input.at, noReply);
      if (asked.outcome !== 'asked') return asked;
      const { requestId, partnerId, at } = asked;
      return { outcome: 'asked', requestId, partnerId, at };
    },
  };
}
