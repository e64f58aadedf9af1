import type { DeliveryFailure } from '../../domain/webhooks/schedule.ts';
import { exchange, type GuardedClient, retryAfterOf } from './client.ts';
import { sign } from './signature.ts';

export type Delivery = {
  url: string;
  /** of the event, the same for all attempts */
  id: string;
  /** seconds since 1970, of this attempt */
  timestamp: number;
  /** JSON, sent and signed unchanged; ids and codes alone, under 20 kB */
  body: string;
  /** of the endpoint, all that are valid now */
  secrets: readonly string[];
};

/**
 * The result of an attempt: a status, or none. It fits `outcomeOf`; the receiver's text is never stored. `detail` is a
 * code: the guard's reason or the socket's error.
 */
export type DeliveryEnd =
  | { ms: number; status: number; retryAfter?: number }
  | { ms: number; failure: Exclude<DeliveryFailure, 'malformed'>; detail: string };

/** Standard Webhooks: 15 to 30 s. */
const TIMEOUT_MS = 15_000;
const MOST_BODY_BYTES = 20_000;
/** So much of an answer is read and discarded to keep the connection open; a longer answer closes it. */
const MOST_ANSWER_BYTES = 16_384;

/**
 * One attempt to deliver one event to one endpoint.
 * @throws RangeError on a body that is too large or cannot be signed: a fault of this system, never of the receiver
 */
export async function deliver(delivery: Delivery, client: GuardedClient, timeoutMs = TIMEOUT_MS): Promise<DeliveryEnd> {
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
