import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { operationsOf } from '../../domain/access.ts';
import { eventFields } from '../../domain/outboxEvents.ts';
import { iso } from '../../domain/time.ts';
import { principalOfRequest } from '../plugins/authentication.ts';
import type { ApiPorts } from '../ports.ts';
import { Problem } from '../problems.ts';
import { At, EventType, id } from '../schemas/common.ts';

const Event = z.object({
  id: z.string(),
  position: z.number().int(),
  type: EventType,
  timestamp: At,
  operation_id: z.string(),
  subject: z.string(),
  seq: z.number().int(),
  data: z.record(z.string(), z.unknown()),
});

export function eventRoutes(ports: ApiPorts): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'GET',
      url: '/events',
      config: { access: 'event.read' },
      schema: {
        tags: ['events'],
        summary: 'Events in order, from a position on; a partner gets what its agreements name and consent allows',
        querystring: z.strictObject({
          after: z.coerce.number().int().min(0).default(0).meta({ description: 'position of the last event you have' }),
          operation: id('operation').optional(),
          limit: z.coerce.number().int().min(1).max(500).default(100),
        }),
        response: { 200: z.object({ data: z.array(Event), next_after: z.number().int(), has_more: z.boolean() }) },
      },
      handler: async (request) => {
        const principal = principalOfRequest(request);
        const { after, operation, limit } = request.query;
        const mine = operationsOf(principal);
        const { partnerId } = principal;
        if (partnerId === undefined && operation !== undefined && mine !== 'all' && !mine.includes(operation))
          throw new Problem('not_found');
        const reader = partnerId === undefined ? { operations: mine } : { partnerId };
        const rows = await ports.events.from(reader, { after, operation }, limit);
        const data = rows.slice(0, limit);
        return {
          data: data.map(({ at, operationId, data: fields, ...event }) => ({
            ...event,
            timestamp: iso(at),
            operation_id: operationId,
            data: eventFields(fields),
          })),
          next_after: data.at(-1)?.position ?? after,
          has_more: rows.length > limit,
        };
      },
    });
  };
}
