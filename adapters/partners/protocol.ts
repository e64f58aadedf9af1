import type { Pool } from 'pg';
import type { PartnerEndpoint, SecretBox } from '../../application/partners/partners.ts';
import type { CallbackPorts } from '../../application/requests/processInbox.ts';
import type { Called, LastQuestion, PartnerClient, PartnerReply } from '../../application/requests/requests.ts';
import type { CallFailure } from '../../domain/requests/failures.ts';
import { iso } from '../../domain/time.ts';
import { raiseAlarm } from '../postgres/alarms.ts';
import { databaseOn, notifier } from '../postgres/database.ts';
import { readPartnerSecrets } from '../postgres/partners/partners.ts';
import { receive } from '../postgres/requests.ts';
import {
  type BodyGate,
  type ExchangeFailure,
  exchange,
  failureOf,
  type GuardedClient,
  retryAfterOf,
} from '../webhooks/client.ts';
import { sign, verify } from '../webhooks/signature.ts';

export type Call = {
  method: 'GET' | 'POST';
  url: string;
  headers?: Record<string, string>;
  /** JSON as text, because a signature covers these bytes */
  body?: string | undefined;
  /** asked before the first byte leaves; what it throws is thrown on */
  lastQuestion?: BodyGate | undefined;
  /** of the whole exchange, default 15 s */
  timeoutMs?: number;
  /** of the answer, default 256 KiB */
  maxBytes?: number;
};

/**
 * Why there is no good answer. `sent: false`: the receiver cannot have seen the request, so a repeat is harmless.
 * Otherwise the outcome is unknown, and a look-up comes before a repeat. `body` of a status is unchecked JSON; it is not
 * logged.
 */
export type HttpFailure =
  | ExchangeFailure
  | { kind: 'status'; sent: true; status: number; retryAfter?: number; body: unknown }
  | { kind: 'malformed'; sent: true; status: number; fault: 'too_large' | 'not_json' };

/** `body` is undefined if the answer has none. It is untrusted: parse it with a schema before use. */
export type CallAnswer = { ok: true; status: number; body: unknown } | { ok: false; failure: HttpFailure };

const TIMEOUT_MS = 15_000;
const MOST_BYTES = 256 * 1024;

/** A function for JSON requests to addresses of partners. It never throws for errors of the receiver. */
export function guardedFetch(client: GuardedClient): (call: Call) => Promise<CallAnswer> {
  return async (call) => {
    const signal = AbortSignal.timeout(call.timeoutMs ?? TIMEOUT_MS);
    const headers = {
      accept: 'application/json',
      ...(call.body !== undefined && { 'content-type': 'application/json' }),
      ...call.headers,
    };
    const { method, url, body, lastQuestion } = call;
    const head = await exchange(client, { method, url, headers, body, lastQuestion, signal });
    if ('kind' in head) return { ok: false, failure: head };

    const { status } = head;
    let bytes: Buffer | undefined;
    try {
      bytes = await readBounded(head.body, call.maxBytes ?? MOST_BYTES);
    } catch (error) {
      return { ok: false, failure: failureOf(error) };
    }
    const content = bytes ? parsed(bytes) : { fault: 'too_large' as const };
    if (status < 200 || status > 299) {
      const retryAfter = retryAfterOf(head.headers, Date.now());
      const body = 'fault' in content ? undefined : content.body;
      return {
        ok: false,
        failure: { kind: 'status', sent: true, status, ...(retryAfter !== undefined && { retryAfter }), body },
      };
    }
    if ('fault' in content)
      return { ok: false, failure: { kind: 'malformed', sent: true, status, fault: content.fault } };
    return { ok: true, status, body: content.body };
  };
}

function parsed(bytes: Buffer): { body: unknown } | { fault: 'not_json' } {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { body: text.trim() === '' ? undefined : JSON.parse(text) };
  } catch {
    return { fault: 'not_json' };
  }
}

/** The whole text, or undefined if it is longer than `limit`; then the connection is closed. */
async function readBounded(body: AsyncIterable<Uint8Array>, limit: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export type PartnerClientDeps = {
  /** of adapters/webhooks: guarded against internal addresses */
  fetch: (call: Call) => Promise<CallAnswer>;
  /** the partner; undefined if it is suspended or has no address */
  readPartnerEndpoint: (partnerId: string) => Promise<PartnerEndpoint | undefined>;
  /** epoch milliseconds of real time, for signatures */
  now?: () => number;
};

/**
 * The client of "Homeward partner protocol 1" (docs/partner-protocol.md). It signs every call, also those without a
 * body.
 */
export function partnerClient({ fetch, readPartnerEndpoint, now = Date.now }: PartnerClientDeps): PartnerClient {
  const call = async (
    partnerId: string,
    messageId: string,
    { method, path, body }: { method: 'GET' | 'POST'; path: string; body?: Record<string, unknown> },
    lastQuestion?: LastQuestion,
  ): Promise<CallAnswer> => {
    const partner = await readPartnerEndpoint(partnerId);
    // The same as a forbidden address: no retry helps, and a person must correct the partner.
    if (!partner) return { ok: false, failure: { kind: 'refused_by_guard', reason: 'not_an_address', sent: false } };
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = sign({ id: messageId, timestamp: now() / 1_000, body: text ?? '' }, partner.secrets);
    return fetch({
      method,
      url: `${partner.baseUrl.replace(/\/+$/, '')}${path}`,
      headers,
      body: text,
      lastQuestion,
    });
  };

  const requestPath = (requestId: string): string => `/requests/${encodeURIComponent(requestId)}`;

  return {
    async ask(partnerId, requestId, message, lastQuestion) {
      const posted = { method: 'POST', path: '/requests', body: message } as const;
      return understood(await call(partnerId, requestId, posted, lastQuestion), [409]);
    },

    async lookUp(partnerId, requestId) {
      const answer = await call(partnerId, `${requestId}:look-up`, { method: 'GET', path: requestPath(requestId) });
      if (isStatus(answer, 404)) return { ok: true, value: undefined };
      return understood(answer, []);
    },

    async notify(partnerId, { requestId, messageId, action, body }, lastQuestion) {
      // The body repeats the action, so that a signature of one call never fits another.
      const said = { request_id: requestId, action, ...body };
      const posted = { method: 'POST', path: `${requestPath(requestId)}/${action}`, body: said } as const;
      const answer = await call(partnerId, messageId, posted, lastQuestion);
      if (isStatus(answer, 404)) return { ok: true, value: { known: false } };
      if (isStatus(answer, 409)) return { ok: true, value: { known: true } };
      return answer.ok ? { ok: true, value: { known: true } } : { ok: false, failure: reasonOf(answer.failure) };
    },
  };
}

const isStatus = (answer: CallAnswer, status: number): boolean =>
  !answer.ok && answer.failure.kind === 'status' && answer.failure.status === status;

/** The answer by the protocol. `alsoGood`: statuses that carry the same body as 200. */
function understood(answer: CallAnswer, alsoGood: readonly number[]): Called<PartnerReply> {
  const good = answer.ok || (answer.failure.kind === 'status' && alsoGood.includes(answer.failure.status));
  if (!good)
    return answer.ok ? { ok: false, failure: { kind: 'malformed' } } : { ok: false, failure: reasonOf(answer.failure) };
  const reply = replyOf(answer.ok ? answer.body : answer.failure.kind === 'status' ? answer.failure.body : undefined);
  return reply ? { ok: true, value: reply } : { ok: false, failure: { kind: 'malformed' } };
}

const LONGEST_REFERENCE = 200;

/** The answer is untrusted: only the known members are read, each checked. */
function replyOf(body: unknown): PartnerReply | undefined {
  if (!isRecord(body)) return undefined;
  const { reference, acknowledged, status, answer } = body;
  if (typeof reference !== 'string' || reference.length === 0 || reference.length > LONGEST_REFERENCE) return undefined;
  return {
    reference,
    acknowledged: acknowledged === true || status === 'acknowledged' || status === 'answered',
    ...(isRecord(answer) ? { answer } : {}),
  };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function reasonOf(failure: HttpFailure): CallFailure {
  if (failure.kind !== 'status') return { kind: failure.kind };
  const { status, retryAfter } = failure;
  return { kind: 'status', status, ...(retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter / 1_000 }) };
}

/** How callbacks are verified and stored. @param now epoch milliseconds of real time */
export function callbacksOn(pool: Pool, secrets: SecretBox, now: () => number = Date.now): CallbackPorts {
  const db = databaseOn(pool);
  const notifyInbox = notifier(pool, 'inbox');
  return {
    secretsOf: (partnerId) => readPartnerSecrets(db, secrets, partnerId),
    verify,
    encrypt(owner, secret) {
      const { keyId, encrypted } = secrets.encrypt(owner, [secret]);
      return { keyId, encrypted: encrypted.toString('base64') };
    },
    async receive(message) {
      const isNew = await receive(db, message);
      if (isNew) notifyInbox();
      return isNew;
    },
    forged: (partnerId, fault, hour) =>
      raiseAlarm(db, { subject: partnerId, kind: 'forged_callback', detail: { fault } }, iso(hour).slice(0, 13)),
    clock: now,
  };
}
