import type { Data } from '../../domain/requests/definition.ts';
import { type CallFailure, ruleFor } from '../../domain/requests/failures.ts';
import { type Answer, REQUESTS, type RequestKind } from '../../domain/requests/index.ts';
import { type Instant, iso } from '../../domain/time.ts';
import { derivedId } from '../ids.ts';
import { ENDED, type Intent, mayDisclose, prepare, type RequestStore, type SendInput, type Sent } from './prepare.ts';
import { type AsidePorts, setAside } from './setAside.ts';

/** `blocked` has the neutral codes of the preconditions. */
export type SendOutcome =
  | { outcome: 'requested'; requestId: string; partnerId: string; at: Instant; answer?: Answer }
  | { outcome: 'blocked'; reasons: string[] }
  | { outcome: 'no_partner' };

/** The response to a request: a reference, and sometimes the answer itself. */
export type PartnerReply = { reference: string; acknowledged: boolean; answer?: Data };
export type Called<T> = { ok: true; value: T } | { ok: false; failure: CallFailure };

/** The calls of the partner protocol. */
export type PartnerClient = {
  ask(partnerId: string, requestId: string, message: Data): Promise<Called<PartnerReply>>;
  /** undefined if the partner does not know the request */
  lookUp(partnerId: string, requestId: string): Promise<Called<PartnerReply | undefined>>;
  /** `known`: whether the partner has the request */
  notify(
    partnerId: string,
    about: { requestId: string; messageId: string; action: 'evidence' | 'recall' | 'reminders'; body: Data },
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

/** The lifecycle of requests to partners, of every kind. One transaction before each call decides what may be sent. */
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

  async function carryOut(kind: RequestKind, intent: Intent, at: Instant): Promise<SendOutcome> {
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
      case 'ask': {
        const { requestId, partnerId, message } = intent;
        const found = intent.lookUpFirst ? await lookUp(intent) : undefined;
        const reply = found ?? (await call(intent, client.ask(partnerId, requestId, message)));
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
    const partnerId = await ports.transaction(async (within) => {
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
      return request.partnerId;
    });
    if (partnerId === undefined) return false;
    const about = { requestId, messageId: said.messageId, action, body: said.body };
    return (await call({ requestId, partnerId }, client.notify(partnerId, about)))?.known ?? false;
  }

  return {
    async send(input: SendInput): Promise<SendOutcome> {
      const { kind } = input;
      const intent = await ports.transaction((within) => prepare(within, ports.callbackBase, input));
      const sent = await carryOut(kind, intent, input.at);
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
