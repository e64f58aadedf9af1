import type { Data } from '../../domain/requests/definition.ts';
import { type CallFailure, ruleFor } from '../../domain/requests/failures.ts';
import { type Answer, REQUESTS, type RequestKind } from '../../domain/requests/index.ts';
import { type Instant, iso } from '../../domain/time.ts';
import { derivedId } from '../ids.ts';
import {
  type Disclosing,
  ENDED,
  type Intent,
  mayDisclose,
  prepare,
  type RequestStore,
  type SendInput,
  type Sent,
} from './prepare.ts';
import { type AsidePorts, setAside } from './setAside.ts';

/** `blocked` has the neutral codes of the preconditions. */
export type SendOutcome =
  | { outcome: 'requested'; requestId: string; partnerId: string; at: Instant; answer?: Answer }
  | { outcome: 'blocked'; reasons: string[] }
  | { outcome: 'no_partner' };

/** The response to a request: a reference, and sometimes the answer itself. */
export type PartnerReply = { reference: string; acknowledged: boolean; answer?: Data };
export type Called<T> = { ok: true; value: T } | { ok: false; failure: CallFailure };

/**
 * Asked when the connection to the partner is open and nothing has been written yet. `hand` writes the body, and resolves
 * when the socket has it. @throws what forbids it; then the partner has received nothing
 */
export type LastQuestion = (hand: () => Promise<void>) => Promise<void>;

/** The calls of the partner protocol. What `lastQuestion` throws is thrown on. */
export type PartnerClient = {
  ask(partnerId: string, requestId: string, message: Data, lastQuestion: LastQuestion): Promise<Called<PartnerReply>>;
  /** undefined if the partner does not know the request */
  lookUp(partnerId: string, requestId: string): Promise<Called<PartnerReply | undefined>>;
  /** `known`: whether the partner has the request */
  notify(
    partnerId: string,
    about: { requestId: string; messageId: string; action: 'evidence' | 'recall' | 'reminders'; body: Data },
    lastQuestion?: LastQuestion,
  ): Promise<Called<{ known: boolean }>>;
};

export type RequestPorts = AsidePorts & {
  store: RequestStore;
  transaction<T>(work: (store: RequestStore) => Promise<T>): Promise<T>;
  client: PartnerClient;
  /** base address of the API for partners, without a slash at the end */
  callbackBase: string;
  /** epoch milliseconds of real time */
  clock: () => Instant;
};

/** The partner could not be reached, or is not ready: the same call is made again. It holds codes only, never values. */
export class PartnerNotReady extends Error {
  readonly code: string;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: string, retryAfterSeconds?: number) {
    super(code);
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The preconditions failed between the decision to send and the first byte. */
class Withheld extends Error {
  readonly reasons: string[];

  constructor(reasons: string[]) {
    super('Withheld at the last question');
    this.reasons = reasons;
  }
}

/**
 * The lifecycle of requests to partners, of every kind. One transaction before each call decides what may be sent, and
 * writes the ledger. Connecting takes its time, so the preconditions are asked once more when the connection is open:
 * under the lock that a hold or a withdrawal takes too, which is kept until the socket has the body. Whoever was answered
 * that a hold stands knows that nothing leaves from then on.
 */
export function requests(ports: RequestPorts) {
  const { store, client } = ports;

  /** The one place that turns a failed call into a retry, an alarm or an end. It returns only if no retry helps. */
  const fail = async ({ requestId, partnerId }: Sent, failure: CallFailure): Promise<void> => {
    const { code, then, alarm } = ruleFor(failure);
    await store.failed(requestId, code, then === 'give_up' ? 'refused' : undefined);
    if (alarm) {
      // One alarm of a kind a day: a partner that fails for hours is one incident.
      const occasion = `${code} ${iso(ports.clock()).slice(0, 10)}`;
      await ports.raiseAlarm(
        { subject: partnerId, kind: 'partner_fails', detail: { code, request: requestId } },
        occasion,
      );
    }
    if (then === 'again')
      throw new PartnerNotReady(code, failure.kind === 'status' ? failure.retryAfterSeconds : undefined);
  };

  const lastQuestion =
    (request: Disclosing & Pick<Sent, 'requestId'>): LastQuestion =>
    (hand) =>
      ports.transaction(async (within) => {
        const allowed = await mayDisclose(within, request);
        if ('reasons' in allowed) throw new Withheld(allowed.reasons);
        if ((await within.find(request.requestId))?.status === 'recalled') throw new Withheld(['recalled']);
        await hand();
      });

  const call = async <T>(request: Sent, calling: Promise<Called<T>>): Promise<T | undefined> => {
    const called = await calling;
    if (called.ok) return called.value;
    await fail(request, called.failure);
    return undefined;
  };

  /** Whether the partner has the request. A failed look-up fails the attempt: no request is repeated blindly. */
  const lookUp = (request: Sent) => call(request, client.lookUp(request.partnerId, request.requestId));

  const notifyRecall = (request: Sent) => {
    const messageId = `${request.requestId}:recall`;
    const recall = { requestId: request.requestId, messageId, action: 'recall' as const, body: {} };
    return call(request, client.notify(request.partnerId, recall));
  };

  const settle = async (kind: RequestKind, request: Sent, reply: PartnerReply): Promise<Answer | undefined> => {
    const { atOnce } = REQUESTS[kind];
    const answer = reply.answer && atOnce?.read(reply.answer);
    const { reference, acknowledged } = reply;
    const taken = { reference, acknowledged, ...(answer && { reply: answer }) };
    // Recalled while it was on its way: the partner may have received the recall before the request.
    if ((await store.taken(request.requestId, taken)) === 'recalled') await notifyRecall(request);
    return answer;
  };

  const prepared = (input: SendInput, lookedUp: boolean) =>
    ports.transaction((within) => prepare(within, { callbackBase: ports.callbackBase, lookedUp }, input));

  async function carryOut(input: SendInput, intent: Intent): Promise<SendOutcome> {
    const { kind, at } = input;
    switch (intent.outcome) {
      case 'no_partner':
        return intent;
      case 'already_requested': {
        const { requestId, partnerId, reply } = intent;
        return { outcome: 'requested', requestId, partnerId, at: intent.at, ...(reply && { answer: reply }) };
      }
      case 'blocked': {
        const { reasons, unsure } = intent;
        const found = unsure && (await lookUp(unsure));
        if (!unsure || !found) {
          if (unsure) await store.failed(unsure.requestId, 'blocked', 'failed');
          return { outcome: 'blocked', reasons };
        }
        // It was sent before the preconditions failed: it counts as sent, so that it can be recalled.
        const answer = await settle(kind, unsure, found);
        if (!reasons.includes(ENDED)) return { outcome: 'requested', ...unsure, at, ...(answer && { answer }) };
        // Nobody is left who would recall it.
        await recall(unsure);
        return { outcome: 'blocked', reasons };
      }
      case 'look_up': {
        const found = await lookUp(intent);
        // The look-up took its time: the decision is made again.
        if (!found) {
          const again = await prepared(input, true);
          if (again.outcome === 'blocked') await store.failed(intent.requestId, 'blocked', 'failed');
          return carryOut(input, again);
        }
        const { requestId, partnerId } = intent;
        const answer = await settle(kind, intent, found);
        return { outcome: 'requested', requestId, partnerId, at, ...(answer && { answer }) };
      }
      case 'ask': {
        const { requestId, partnerId, message } = intent;
        let reply: PartnerReply | undefined;
        try {
          const question = lastQuestion({ ...input, requestId, partnerId });
          reply = await call(intent, client.ask(partnerId, requestId, message, question));
        } catch (error) {
          if (!(error instanceof Withheld)) throw error;
          await store.failed(requestId, 'blocked', 'failed');
          return { outcome: 'blocked', reasons: error.reasons };
        }
        if (!reply) return { outcome: 'no_partner' };
        const answer = await settle(kind, intent, reply);
        return { outcome: 'requested', requestId, partnerId, at, ...(answer && { answer }) };
      }
    }
  }

  async function recall({ requestId }: { requestId: string }): Promise<{ recalled: boolean }> {
    const request = await store.find(requestId);
    if (!request) return { recalled: false };
    if (request.status === 'recalled') return { recalled: true };
    const answer = await notifyRecall({ requestId, partnerId: request.partnerId });
    // A partner that never had the request needs no recall.
    if (answer) await store.recalled(requestId);
    return { recalled: answer !== undefined };
  }

  /** Something more about an open request: the preconditions are asked again, and the ledger is written, before it goes. */
  async function sendMore(
    requestId: string,
    action: 'evidence' | 'reminders',
    said: { id: ReadonlyArray<string | number>; fields: readonly string[]; messageId: string; body: Data },
  ): Promise<boolean> {
    const open = await ports.transaction(async (within) => {
      const request = await within.find(requestId);
      if (!request || !['sent', 'acknowledged'].includes(request.status)) return undefined;
      const allowed = await mayDisclose(within, request);
      if ('reasons' in allowed) return undefined;
      const { subject: journeyId, kind: purpose } = request;
      if (allowed.person) {
        const { personId, consentVersion } = allowed.person;
        await within.disclose({
          id: derivedId('disclosure', requestId, ...said.id, consentVersion),
          ...{ personId, journeyId, requestId, purpose, consentVersion, fields: said.fields, at: allowed.at },
          partnerId: request.partnerId,
          agreementId: allowed.agreementId,
        });
      }
      return request;
    });
    if (open === undefined) return false;
    const { partnerId } = open;
    const about = { requestId, messageId: said.messageId, action, body: said.body };
    try {
      const question = lastQuestion({ ...open, requestId });
      return (await call({ requestId, partnerId }, client.notify(partnerId, about, question)))?.known ?? false;
    } catch (error) {
      if (error instanceof Withheld) return false;
      throw error;
    }
  }

  return {
    async send(input: SendInput): Promise<SendOutcome> {
      const { kind } = input;
      const sent = await carryOut(input, await prepared(input, false));
      if (sent.outcome !== 'requested' || sent.answer || !REQUESTS[kind].atOnce?.required) return sent;
      // Its answer is looked up; the journey does not know of the request yet, so a hold must recall it here.
      const about = { ...input, partnerId: sent.partnerId };
      const allowed = await ports.transaction((within) => mayDisclose(within, about));
      if ('reasons' in allowed) {
        await recall(sent);
        return { outcome: 'blocked', reasons: allowed.reasons };
      }
      const found = await lookUp(sent);
      const answer = found && (await settle(kind, sent, found));
      if (!answer) throw new PartnerNotReady('answer_pending');
      return { ...sent, answer };
    },

    recall,

    async remind({ requestId, at }: { requestId: string; at: Instant }): Promise<{ reminded: boolean }> {
      const messageId = `${requestId}:remind:${at}`;
      const said = { id: ['reminder', at], fields: ['reminder'], messageId, body: {} };
      return { reminded: await sendMore(requestId, 'reminders', said) };
    },

    async sendEvidence(evidence: { requestId: string; kinds: string[]; at: Instant }): Promise<{ sent: boolean }> {
      const { requestId, kinds, at } = evidence;
      const sorted = [...kinds].sort();
      const sent = await sendMore(requestId, 'evidence', {
        id: ['evidence', ...sorted, at],
        fields: sorted.map((kind) => `evidence:${kind}`),
        messageId: `${requestId}:evidence:${at}`,
        body: { kinds },
      });
      return { sent };
    },

    /** An answer came that nobody waits for any more: the inbox has kept it, and a person looks at it. */
    async setAnswerAside(answer: {
      requestId: string;
      partnerId: string;
      eventKey: string;
      at: Instant;
    }): Promise<void> {
      const { requestId, partnerId, eventKey, at } = answer;
      const request = await store.find(requestId);
      const detail = { partner: partnerId, event: eventKey, request: requestId };
      const alarm = request ? 'late_answer' : 'unknown_request';
      await setAside(ports, { alarm, subject: request?.subject ?? partnerId, request, detail, at, occasion: eventKey });
    },
  };
}
