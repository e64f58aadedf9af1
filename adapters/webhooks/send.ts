import type { Attempt } from '../../application/webhooks/endpoints.ts';
import type { AttemptEnd } from '../../domain/webhooks/deliveries.ts';
import { exchange, type GuardedClient, retryAfterOf } from './client.ts';
import { sign } from './signature.ts';

/** Standard Webhooks: 15 to 30 s. */
const TIMEOUT_MS = 15_000;
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
