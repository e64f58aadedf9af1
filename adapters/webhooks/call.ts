import {
  type BodyGate,
  type ExchangeFailure,
  exchange,
  failureOf,
  type GuardedClient,
  retryAfterOf,
} from './client.ts';

export type Call = {
  method: 'GET' | 'POST';
  url: string;
  headers?: Record<string, string>;
  /** JSON as text, because a signature covers these bytes */
  body?: string;
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
export type CallFailure =
  | ExchangeFailure
  | { kind: 'status'; sent: true; status: number; retryAfter?: number; body: unknown }
  | { kind: 'malformed'; sent: true; status: number; fault: 'too_large' | 'not_json' };

/** `body` is undefined if the answer has none. It is untrusted: parse it with a schema before use. */
export type CallAnswer = { ok: true; status: number; body: unknown } | { ok: false; failure: CallFailure };

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
