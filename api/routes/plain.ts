import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiPorts } from '../ports.ts';
import { PROBLEMS, Problem, problemPage } from '../problems.ts';

const OPEN = { access: 'public.read', open: true } as const;
const HEALTH = { tags: ['health'] };

/** Health, metrics, the description of the API and the pages on problems: without a token, and without a word about anybody. */
export function plainRoutes(ports: ApiPorts): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'GET',
      url: '/livez',
      config: OPEN,
      schema: { ...HEALTH, summary: 'The process is there', response: { 200: z.object({ status: z.literal('ok') }) } },
      handler: async () => ({ status: 'ok' as const }),
    });

    const Ready = z.object({ status: z.enum(['ready', 'not_ready']), database: z.boolean(), temporal: z.boolean() });
    app.route({
      method: 'GET',
      url: '/readyz',
      config: OPEN,
      schema: {
        ...HEALTH,
        summary:
          'It can serve: the database answers. Temporal is a detail: while it is away registration and reading go on',
        response: { 200: Ready, 503: Ready },
      },
      handler: async (_request, reply) => {
        const [database, temporal] = await Promise.all([ports.situation.answers(), ports.engine.answers()]);
        reply.code(database ? 200 : 503).header('cache-control', 'no-store');
        return { status: database ? ('ready' as const) : ('not_ready' as const), database, temporal };
      },
    });

    app.route({
      method: 'GET',
      url: '/metrics',
      config: OPEN,
      schema: { ...HEALTH, summary: 'Prometheus metrics', produces: ['text/plain'], response: { 200: z.string() } },
      handler: async (_request, reply) => {
        reply.type(app.registry.contentType);
        return reply.serializer(String).send(await app.registry.metrics());
      },
    });

    app.route({
      method: 'GET',
      url: '/openapi.json',
      config: OPEN,
      schema: { ...HEALTH, summary: 'This description', hide: true },
      handler: async (_request, reply) =>
        reply.type('application/json').serializer(String).send(JSON.stringify(app.swagger())),
    });

    app.route({
      method: 'GET',
      url: '/problems/:code',
      config: OPEN,
      schema: {
        ...HEALTH,
        summary: 'What a problem means and what to do',
        params: z.object({ code: z.string().meta({ description: Object.keys(PROBLEMS).join(', ') }) }),
        produces: ['text/html'],
        response: { 200: z.string() },
      },
      handler: async (request, reply) => {
        const html = problemPage(request.params.code);
        if (html === undefined) throw new Problem('not_found');
        return reply.type('text/html; charset=utf-8').serializer(String).send(html);
      },
    });
  };
}
