import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ACCESS, type Action, decide } from '../../domain/access.ts';
import { ROLES } from '../../domain/actor.ts';
import { principalOfRequest } from '../plugins/authentication.ts';

export const meRoutes: FastifyPluginAsyncZod = async (app) => {
  app.route({
    method: 'GET',
    url: '/me',
    config: { access: 'me.read' },
    schema: {
      tags: ['me'],
      summary: 'Who you are, and what your roles let you do',
      response: {
        200: z.object({
          subject: z.string(),
          partner_id: z.string().nullable(),
          roles: z.array(z.object({ role: z.enum([...ROLES, 'partner' as const]), operation: z.string() })),
          may: z
            .array(z.object({ action: z.string(), sentence: z.string() }))
            .meta({ description: 'in at least one operation' }),
        }),
      },
    },
    handler: async (request) => {
      const principal = principalOfRequest(request);
      const operations = [...new Set(principal.roles.map(({ operation }) => operation))];
      const actions = (Object.keys(ACCESS) as Action[]).filter(
        (action) =>
          ACCESS[action].reach !== 'public' &&
          operations.some((operation) => decide(principal, action, operation) === 'allowed'),
      );
      return {
        subject: principal.sub,
        partner_id: principal.partnerId ?? null,
        roles: principal.roles.map((grant) => ({ ...grant })),
        may: actions.map((action) => ({ action, sentence: ACCESS[action].sentence })),
      };
    },
  });
};
