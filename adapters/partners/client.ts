import type { PartnerEndpoint } from '../../application/partners/partners.ts';
import type { Called, LastQuestion, PartnerClient, PartnerReply } from '../../application/requests/requests.ts';
import type { CallFailure } from '../../domain/requests/failures.ts';
import type { Call, CallAnswer, CallFailure as HttpFailure } from '../webhooks/call.ts';
import { sign } from '../webhooks/signature.ts';

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
      ...(text === undefined ? {} : { body: text }),
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
      return answer.ok ? { ok: true, value: { known: true } } : { ok: false, failure: failureOf(answer.failure) };
    },
  };
}

const isStatus = (answer: CallAnswer, status: number): boolean =>
  !answer.ok && answer.failure.kind === 'status' && answer.failure.status === status;

/** The answer by the protocol. `alsoGood`: statuses that carry the same body as 200. */
function understood(answer: CallAnswer, alsoGood: readonly number[]): Called<PartnerReply> {
  const good = answer.ok || (answer.failure.kind === 'status' && alsoGood.includes(answer.failure.status));
  if (!good)
    return answer.ok
      ? { ok: false, failure: { kind: 'malformed' } }
      : { ok: false, failure: failureOf(answer.failure) };
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

function failureOf(failure: HttpFailure): CallFailure {
  switch (failure.kind) {
    case 'status': {
      const { status, retryAfter } = failure;
      return { kind: 'status', status, ...(retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter / 1_000 }) };
    }
    default:
      return { kind: failure.kind };
  }
}
