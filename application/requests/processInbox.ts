import type { z } from 'zod';
import { type InboxMessage, readCallback } from '../../domain/requests/callback.ts';
import { classify, type PartnerRequest, requestAfter } from '../../domain/requests/classify.ts';
import { callbackOf, isPersonRequest, isVehicleCallback, type PartnerAnswered } from '../../domain/requests/index.ts';
import { VEHICLE_CALLBACKS } from '../../domain/requests/vehicle.ts';
import { HOUR, type Instant } from '../../domain/time.ts';
import type { CarrierMessage } from '../../workflows/messages.ts';
import type { Alarm } from '../alarms/alarms.ts';
import { derivedId } from '../ids.ts';
import type { NewDocument } from '../people/reads.ts';
import { type AsidePorts, setAside } from './setAside.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

export type CallbackPorts = {
  /** secrets that this partner signs with, newest first; empty where the partner is unknown */
  secretsOf(partnerId: string): Promise<string[]>;
  verify(
    input: { headers: Headers; body: Uint8Array },
    secrets: readonly string[],
    now: number,
  ): { ok: true } | { ok: false; fault: string };
  /** encrypts under the system's key, bound to `owner` */
  encrypt(owner: string, secret: string): { keyId: string; encrypted: string };
  /** stores the callback and wakes whoever applies it; false where it was here before */
  receive(message: InboxMessage): Promise<boolean>;
  /** somebody signs as this partner and is not: an alarm, once an hour, so that a forger cannot fill the table */
  forged(partnerId: string, fault: string, hour: Instant): Promise<void>;
  /** real time */
  clock: () => Instant;
};

export type Receipt =
  | { outcome: 'received' | 'signature_refused' | 'malformed_json' }
  | { outcome: 'invalid'; issues: z.core.$ZodIssue[] };

/** The signature is checked on the raw bytes before anything is read. The same event again is received once. */
export async function receiveCallback(
  ports: CallbackPorts,
  partnerId: string,
  { headers, raw }: { headers: Headers; raw: Buffer },
): Promise<Receipt> {
  const secrets = await ports.secretsOf(partnerId);
  const verification = ports.verify({ headers, body: raw }, secrets, ports.clock());
  // The answer says neither what was wrong nor whether there is such a partner: a forger would learn from it.
  if (!verification.ok || secrets.length === 0) {
    const hour = Math.floor(ports.clock() / HOUR) * HOUR;
    if (secrets.length > 0) await ports.forged(partnerId, verification.ok ? 'no_match' : verification.fault, hour);
    return { outcome: 'signature_refused' };
  }
  let body: unknown;
  try {
    body = JSON.parse(raw.toString('utf8'));
  } catch {
    // Without its cause: the parser's message quotes the body.
    return { outcome: 'malformed_json' };
  }
  const read = readCallback(partnerId, body, ports.encrypt);
  if (!read.ok) return { outcome: 'invalid', issues: read.issues };
  await ports.receive(read.message);
  return { outcome: 'received' };
}

/** `unreadable`: stored unchanged until a person handles it. */
export type InboxEnd = 'applied' | 'unknown' | 'stale' | 'refused' | 'unreadable';

type Kept = Pick<InboxMessage, 'partnerId' | 'eventId' | 'requestId'>;

/** A message that this build cannot read; `why` names the form and the place, never the data. */
export type UnreadableMessage = Kept & { type: string; receivedAt: Instant; why: string };

/** Signals for one workflow, with their messages: sent together, so that they share a workflow task. */
export type Signals = { subject: string; messages: InboxMessage[] } & (
  | { to: 'journey' | 'movement'; answers: PartnerAnswered[] }
  | { to: 'vehicle'; reports: CarrierMessage[] }
);

/** `closed`: the workflow has ended, or does not exist. `refused`: the server never accepts this signal. */
export type Delivered = 'delivered' | 'closed' | 'refused';

/** One transaction of the inbox. */
export type InboxTransaction = AsidePorts & {
  /** the oldest messages that wait, locked */
  claim(limit: number): Promise<{ messages: InboxMessage[]; unreadable: UnreadableMessage[] }>;
  lockRequests(ids: readonly string[]): Promise<Map<string, PartnerRequest>>;
  operationTimes(operationIds: readonly string[]): Promise<Map<string, Instant>>;
  /** open movements of this carrier with this reference; more than one: it is ambiguous */
  movementsOfCarrier(carrierId: string, reference: string): Promise<string[]>;
  /** whether the workflow of a movement is still to be started */
  startIsPending(movementId: string): Promise<boolean>;
  answered(requestId: string, after: ReturnType<typeof requestAfter>): Promise<void>;
  storeDocument(document: NewDocument & { requestId: string }): Promise<void>;
  /** moves what was encrypted to its person's key; false if it cannot be decrypted: then only the partner has it */
  storeNumber(
    number: { keyId: string; encrypted: string },
    to: { journeyId: string; documentId: string; eventKey: string },
  ): Promise<boolean>;
  /** the disposition of a message; what was encrypted is removed, because its person has it or nobody needs it */
  end(message: Kept, status: InboxEnd, subject: string | undefined): Promise<void>;
};

export type InboxPorts = InboxTransaction & {
  /** Sends the signals, and reports on each in the same order. @throws where Temporal is away, so that all are sent again */
  deliver(signals: readonly Signals[]): Promise<Delivered[]>;
};

const BATCH = 100;

/** The key by which the receiving workflow recognises a repeated event. */
const keyOf = ({ partnerId, eventId }: Kept): string => `${partnerId}:${eventId}`;

type TurnedAway = { end: InboxEnd; alarm?: Alarm['kind'] };

/**
 * Applies the messages of partners in the order of receipt, within one transaction. An answer goes to the journey or
 * movement that sent the request; a message about a vehicle goes to the movement. The signal is sent before the message
 * is marked: after an interruption it is sent again, and its key makes it idempotent.
 * @returns `more` if another pass is due at once
 */
export async function processInbox(ports: InboxPorts): Promise<'more' | 'idle'> {
  const { messages, unreadable } = await ports.claim(BATCH);
  const all = [...messages, ...unreadable];
  if (all.length === 0) return 'idle';
  const requests = await ports.lockRequests(all.flatMap(({ requestId }) => requestId ?? []));
  const now = await ports.operationTimes([...requests.values()].map(({ operationId }) => operationId));

  const turnAway = async (message: Kept, type: string, at: Instant, { end, alarm }: TurnedAway, why?: string) => {
    const found = message.requestId === undefined ? undefined : requests.get(message.requestId);
    const request = found?.partnerId === message.partnerId ? found : undefined;
    // The message of another movement or of a stranger stands under the partner that sent it.
    const subject = alarm === 'unknown_movement' || alarm === 'ambiguous_movement' ? undefined : request?.subject;
    await ports.end(message, end, subject);
    if (alarm === undefined) return;
    await setAside(ports, {
      ...{ alarm, subject: subject ?? message.partnerId, request: subject === undefined ? undefined : request },
      detail: {
        ...{ partner: message.partnerId, event: message.eventId, type, request: message.requestId ?? null },
        ...(why !== undefined && { why }),
      },
      at: (request && now.get(request.operationId)) ?? at,
      occasion: keyOf(message),
    });
  };

  for (const message of unreadable) {
    const verdict = { end: 'unreadable', alarm: 'unreadable_message' } as const;
    await turnAway(message, message.type, message.receivedAt, verdict, message.why);
  }
  const accepted: Signals[] = [];
  for (const message of inTheirOwnOrder(messages)) {
    const { type, occurredAt } = message.callback;
    const judged = isVehicleCallback(type)
      ? await judgeReport(ports, message, requests)
      : await judgeAnswer(ports, message, requests, now);
    if ('end' in judged) await turnAway(message, type, occurredAt, judged);
    else accepted.push(judged);
  }

  const waiting = await signal(ports, accepted, async (message, subject) => {
    const { type, occurredAt } = message.callback;
    if (callbackOf(type).part !== 'answer' && callbackOf(type).part !== 'retraction')
      return ports.end(message, 'stale', subject);
    // The journey has ended, or the movement is closed: an answer to it comes late.
    return turnAway(message, type, occurredAt, { end: 'stale', alarm: 'late_answer' });
  });
  return all.length === BATCH && waiting < BATCH ? 'more' : 'idle';
}

/** Answers to one request by the partner's own clock, as far as they have arrived; other messages by receipt. */
function inTheirOwnOrder(messages: readonly InboxMessage[]): InboxMessage[] {
  const byRequest = Map.groupBy(messages, (message) => message.requestId ?? keyOf(message));
  return [...byRequest.values()].flatMap((group) =>
    group.sort((a, b) => a.callback.occurredAt - b.callback.occurredAt),
  );
}

async function judgeAnswer(
  ports: InboxTransaction,
  message: InboxMessage,
  requests: Map<string, PartnerRequest>,
  now: ReadonlyMap<string, Instant>,
): Promise<TurnedAway | Signals> {
  const { callback, requestId, partnerId } = message;
  const request = requestId === undefined ? undefined : requests.get(requestId);
  if (!request) return { end: 'unknown', alarm: 'unknown_request' };
  if (request.partnerId !== partnerId) return { end: 'refused', alarm: 'foreign_answer' };
  if (isVehicleCallback(callback.type)) return { end: 'refused', alarm: 'misplaced_answer' };
  const module = callbackOf(callback.type);
  switch (classify(request, callback)) {
    case 'misplaced':
      return { end: 'refused', alarm: 'misplaced_answer' };
    case 'contradicts':
      return { end: 'stale', alarm: 'contradicting_answer' };
    case 'stale':
      return { end: 'stale' };
    case 'late':
      // A document exists although its request was recalled, so a person must collect or destroy it.
      return { end: 'stale', alarm: module.document ? 'issued_after_recall' : 'late_answer' };
    case 'apply': {
      const here = now.get(request.operationId) ?? callback.occurredAt;
      const at = Math.min(callback.occurredAt, here);
      // One request brings one document, so its id derives from the request.
      const documentId = derivedId('document', request.id);
      const answer = module.read(callback.data, { now: here, documentId });
      const after = requestAfter(request, callback);
      await ports.answered(request.id, after);
      requests.set(request.id, { ...request, ...after });
      const document = module.document?.(callback.data);
      if (document) await storeDocument(ports, message, request, { ...document, id: documentId, at });
      const { subject } = request;
      const answered = { eventKey: keyOf(message), requestId: request.id, partnerId, at, answer };
      const to = isPersonRequest(request.kind) ? 'journey' : 'movement';
      return { to, subject, messages: [message], answers: [answered] };
    }
  }
}

async function storeDocument(
  ports: InboxTransaction,
  message: InboxMessage,
  { id: requestId, subject, operationId }: PartnerRequest,
  document: { id: string; kind: string; validUntil: Instant; at: Instant },
): Promise<void> {
  const eventKey = keyOf(message);
  const { partnerId, eventId, encryptedNumber } = message;
  await ports.storeDocument({ ...document, journeyId: subject, issuedBy: partnerId, requestId });
  if (!encryptedNumber) return;
  const to = { journeyId: subject, documentId: document.id, eventKey };
  if (await ports.storeNumber(encryptedNumber, to)) return;
  const detail = { partner: partnerId, event: eventId, document: document.id };
  await ports.raiseAlarm({ subject, operationId, kind: 'document_number_lost', detail }, eventKey);
}

async function judgeReport(
  ports: InboxTransaction,
  message: InboxMessage,
  requests: ReadonlyMap<string, PartnerRequest>,
): Promise<TurnedAway | Signals> {
  const { callback, movementReference, partnerId, requestId } = message;
  const request = requestId === undefined ? undefined : requests.get(requestId);
  if (request && request.partnerId !== partnerId) return { end: 'refused', alarm: 'foreign_answer' };
  const movements =
    request?.kind === 'booking'
      ? [request.subject]
      : movementReference === undefined
        ? []
        : await ports.movementsOfCarrier(partnerId, movementReference);
  const [movement, another] = movements;
  if (!isVehicleCallback(callback.type) || movement === undefined) return { end: 'unknown', alarm: 'unknown_movement' };
  if (another !== undefined) return { end: 'unknown', alarm: 'ambiguous_movement' };
  const at = callback.occurredAt;
  const said = VEHICLE_CALLBACKS[callback.type].read(callback.data, { now: at, documentId: '' });
  const reported = { eventKey: keyOf(message), partnerId, at, ...said };
  return { to: 'vehicle', subject: movement, messages: [message], reports: [reported] };
}

/** Sends the signals, those of a subject together, and marks the messages. Returns how many wait for a start. */
async function signal(
  ports: InboxPorts,
  accepted: readonly Signals[],
  closed: (message: InboxMessage, subject: string) => Promise<void>,
): Promise<number> {
  const bySubject = new Map<string, Signals>();
  for (const signals of accepted) {
    const key = `${signals.to} ${signals.subject}`;
    bySubject.set(key, together(bySubject.get(key), signals));
  }
  const groups = [...bySubject.values()];
  const delivered = await ports.deliver(groups);
  let waiting = 0;
  for (const [index, { to, subject, messages }] of groups.entries()) {
    const outcome = delivered[index];
    if (to === 'vehicle' && outcome === 'closed' && (await ports.startIsPending(subject))) {
      // The workflow has not started yet: the signal is delivered after its start.
      waiting += messages.length;
      continue;
    }
    for (const message of messages) {
      if (outcome === 'closed') {
        await closed(message, subject);
        continue;
      }
      await ports.end(message, outcome === 'delivered' ? 'applied' : 'stale', subject);
      if (outcome === 'delivered') continue;
      const detail = { partner: message.partnerId, event: message.eventId };
      await ports.raiseAlarm({ subject, kind: 'message_not_handled', detail }, keyOf(message));
    }
  }
  return waiting;
}

function together(before: Signals | undefined, signals: Signals): Signals {
  if (before === undefined) return signals;
  const messages = [...before.messages, ...signals.messages];
  if (before.to === 'vehicle' && signals.to === 'vehicle')
    return { ...before, messages, reports: [...before.reports, ...signals.reports] };
  if (before.to !== 'vehicle' && signals.to !== 'vehicle')
    return { ...before, messages, answers: [...before.answers, ...signals.answers] };
  return before;
}
