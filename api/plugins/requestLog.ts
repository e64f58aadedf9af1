import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';

/** Ids of ours and nothing else: what an address holds may be anything. */
const OWN_ID = /^[a-z]{2,5}_[0-9a-hjkmnp-tv-z]{26}$/;

/**
 * One wide line for each request: who, which route, what came of it, how long. Ids alone: no URL, no query, no body; where
 * nobody has signed in, the address that asks, because whoever stops an attack has nothing else.
 */
export const requestLog = fp(
  async (app) => {
    app.addHook('onResponse', async (request, reply) => {
      request.log.info(
        {
          method: request.method,
          route: request.routeOptions.url ?? 'unknown',
          status: reply.statusCode,
          ms: Math.round(reply.elapsedTime),
          principal: request.principal?.sub ?? null,
          ...(request.principal ? {} : { from: request.ip }),
          subject: subjectOf(request),
          operation: request.scope?.operationId ?? null,
        },
        'request',
      );
    });
  },
  { name: 'requestLog', fastify: '5.x', dependencies: ['authentication', 'access'] },
);

function subjectOf(request: FastifyRequest): string | null {
  const { id } = (request.params ?? {}) as { id?: unknown };
  return typeof id === 'string' && OWN_ID.test(id) ? id : null;
}
