import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import type { claimKey, KeyedRequest, KeyStore, StoredAnswer } from '../../application/idempotency/claimKey.ts';
import { Problem } from '../problems.ts';
import { principalOfRequest } from './authentication.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * How a POST is done once. Default: key needed, answer kept. `reads`: changes nothing, so needs no key (a search,
     * whose answer must not be kept). `streamed`: the body is not parsed; what its headers say of it (length, Content-Digest) stands for it.
     */
    once?: 'reads' | 'streamed';
    /** fields of the answer that are shown once and never kept; a repeated request gets null there */
    shownOnce?: readonly string[];
  }
  interface FastifyRequest {
    keyed: KeyedRequest | null;
  }
}

const KEY = /^[\x21-\x7e]{1,255}$/;

export type IdempotencyKeys = Pick<KeyStore, 'keep' | 'release'> & { claim: ReturnType<typeof claimKey> };

/** Every POST needs an Idempotency-Key; the same key with the same body gets the same answer, done once. What ended in 5xx or 429 is not kept. */
export const idempotency = fp<{ keys: IdempotencyKeys }>(
  async (app, { keys }) => {
    app.decorateRequest('keyed', null);

    app.addHook('preHandler', async (request, reply) => {
      const { config } = request.routeOptions;
      if (request.method !== 'POST' || config.open || config.once === 'reads') return;
      const keyed: KeyedRequest = {
        principal: principalOfRequest(request).sub,
        route: `${request.method} ${request.url}`,
        key: keyOf(request),
        requestHash: config.once === 'streamed' ? hashOf(describedBody(request)) : hashOf(request.body),
      };
      const claim = await keys.claim(keyed);
      switch (claim.outcome) {
        case 'mine':
          request.keyed = keyed;
          return;
        case 'running':
          throw new Problem('idempotency_key_running', { retryAfter: 1 });
        case 'reused':
          throw new Problem('idempotency_key_reused');
        case 'answered':
          return answerAgain(reply, claim.answer);
      }
    });

    app.addHook('onSend', async (request, reply, payload) => {
      const { keyed } = request;
      if (!keyed) return payload;
      const text = typeof payload === 'string' ? payload : '';
      if (reply.statusCode >= 500 || reply.statusCode === 429) await keys.release(keyed);
      else {
        await keys.keep(keyed, {
          status: reply.statusCode,
          body: redacted(text === '' ? null : JSON.parse(text), request.routeOptions.config.shownOnce ?? []),
          headers: storedHeaders(reply),
        });
      }
      return payload;
    });
  },
  { name: 'idempotency', fastify: '5.x', dependencies: ['authentication', 'access'] },
);

/** The request's key. @throws Problem where there is none, or it is no visible ASCII of at most 255 characters. */
function keyOf(request: FastifyRequest): string {
  const key = request.headers['idempotency-key'];
  if (typeof key !== 'string' || !KEY.test(key)) throw new Problem('idempotency_key_missing');
  return key;
}

/** The keyed request of a POST, inside its handler. */
function keyedOf(request: FastifyRequest): KeyedRequest {
  if (!request.keyed) throw new Error('This route is not done once');
  return request.keyed;
}

/**
 * The id of the command that this request is, the same for the same principal, route and key. Not the key itself: two
 * people may choose the same one, and a key that a caller made up may hold anything, while this travels into Temporal.
 */
export function commandIdOf(request: FastifyRequest): string {
  const { principal, route, key } = keyedOf(request);
  return `cmd_${createHash('sha256').update([principal, route, key].join('\u001f')).digest('hex').slice(0, 32)}`;
}

/** What the ids of things made by this request follow from: made twice, they are the same. */
export function originOf(request: FastifyRequest): string[] {
  const { principal, route, key } = keyedOf(request);
  return [principal, route, key];
}

/** The body without regard to the order of its keys. */
function hashOf(body: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(ordered(body)) ?? '')
    .digest('hex');
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, ordered(inner)]),
  );
}

const STORED_HEADERS = ['content-type', 'location', 'etag'];

function storedHeaders(reply: FastifyReply): Record<string, string> {
  const headers = reply.getHeaders();
  return Object.fromEntries(
    STORED_HEADERS.flatMap((name) => (headers[name] === undefined ? [] : [[name, String(headers[name])]])),
  );
}

function redacted(body: unknown, names: readonly string[]): unknown {
  if (names.length === 0 || typeof body !== 'object' || body === null) return body;
  return Object.fromEntries(Object.entries(body).map(([key, value]) => [key, names.includes(key) ? null : value]));
}

/** As text, past the serializer: what was answered once is answered the same. */
function answerAgain(reply: FastifyReply, { status, body, headers }: StoredAnswer): FastifyReply {
  return reply
    .code(status)
    .headers({ ...headers, 'idempotent-replayed': 'true' })
    .serializer(String)
    .send(body === null ? '' : JSON.stringify(body));
}

/** What a streamed body says of itself before it is read: two uploads that differ in it are two requests. */
function describedBody({ headers }: FastifyRequest): object {
  return { type: headers['content-type'], length: headers['content-length'], digest: headers['content-digest'] };
}
