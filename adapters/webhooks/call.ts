import type { Attempt } from '../../application/webhooks/endpoints.ts';
import type { AttemptEnd } from '../../domain/webhooks/deliveries.ts';
import { type ExchangeFailure, exchange, failureOf, type GuardedClient, retryAfterOf } from './client.ts';
import { sign } from './signature.ts';

export type Call = {
  method: 'GET' | 'POST';
  url: string;
  headers?: Record<string, string>;
  /** JSON as text, because a signature covers these bytes */
  body?: string;
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
export type CallFailure =
  | ExchangeFailure
  | { kind: 'status'; sent: true; status: number; retryAfter?: number; body: unknown }
  | { kind: 'malformed'; sent: true; status: number; fault: 'too_large' | 'not_json' };

/** `body` is undefined if the answer has none. It is untrusted: parse it with a schema before use. */
export type CallAnswer = { ok: true; status: number; body: unknown } | { ok: false; failure: CallFailure };

/** Standard Webhooks: 15 to 30 s. */
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
    const head = await exchange(client, { method: call.method, url: call.url, headers, body: call.body, signal });
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

const MOST_BODY_BYTES = 20_000;
/** So much of an answer is read and discarded to keep the connection open; a longer answer closes it. */
const MOST_ANSWER_BYTES = 16_384;

/**
 * One attempt to deliver one event to one endpoint.
 * @throws RangeError on a body that is too large or cannot be signed: a fault of this system, never of the receiver
 */
export async function deliver(delivery: Attempt, client: GuardedClient, timeoutMs = TIMEOUT_MS): Promise<AttemptEnd> {
  if (Buffer.byteLength(delivery.body) >= MOST_BODY_BYTES)
    throw new RangeError('A webhook is thin: its body is under 20 kB');
  const headers = { 'content-type': 'application/json', ...sign(delivery, delivery.secrets) };
  const signal = AbortSignal.timeout(timeoutMs);
  const begun = performance.now();
  const end = await exchange(client, { method: 'POST', url: delivery.url, headers, body: delivery.body, signal });
  const ms = Math.round(performance.now() - begun);
  if ('kind' in end) {
    const detail =
      end.kind === 'refused_by_guard' ? end.reason : end.kind === 'connection' ? end.code : 'no_answer_in_time';
    return { ms, failure: end.kind, detail };
  }
  // The status decides; errors in the rest of the answer change nothing.
  void end.body.dump({ limit: MOST_ANSWER_BYTES, signal }).catch(() => {});
  const retryAfter = retryAfterOf(end.headers, Date.now());
  return { ms, status: end.status, ...(retryAfter !== undefined && { retryAfter }) };
}
