import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Delivery as DeliveryRow, Endpoint as EndpointRow } from '../../adapters/postgres/reads/partners.ts';
import { isoDuration } from '../../domain/durations.ts';
import { iso } from '../../domain/time.ts';
import { DELIVERY_STATUSES, ENDPOINT_STATUSES } from '../../domain/webhooks/statuses.ts';
import { TASK_QUEUE, workflowId } from '../../workflows/messages.ts';
import { after, Paging, page, pageOf } from '../paging.ts';
import { principalOfRequest } from '../plugins/authentication.ts';
import { originOf } from '../plugins/idempotency.ts';
import type { ApiPorts } from '../ports.ts';
import { Problem } from '../problems.ts';
import { At, id, idParams, Length, MaybeAt, maybe } from '../schemas/common.ts';

import { Address, EventTypes, partnerOf, refuseAddress, Secret } from './partners.ts';

const Endpoint = z.object({
  id: id('endpoint'),
  partner_id: z.string(),
  url: z.string(),
  event_types: EventTypes,
  status: z.enum(ENDPOINT_STATUSES),
  failing_since: MaybeAt,
  created_at: At.meta({ description: 'real time' }),
});
const DeliveryStatus = z.enum(DELIVERY_STATUSES).meta({ id: 'DeliveryStatus' });
const Delivery = z.object({
  event_id: z.string(),
  position: z.number().int(),
  subject: z.string(),
  type: z.string(),
  status: DeliveryStatus,
  attempts: z.number().int(),
  next_attempt_at: At,
  delivered_at: MaybeAt,
  redacted_reason: z.string().nullable(),
  tries: z.array(
    z.object({
      attempt: z.number(),
      sent_at: At,
      took: Length,
      http_status: z.number().nullable(),
      failure: z.string().nullable(),
    }),
  ),
});
const nothing = z.strictObject({}).prefault({});

/** Addresses of partners that receive events, and what became of each delivery. */
export function endpointRoutes(ports: ApiPorts): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'POST',
      url: '/partners/:id/endpoints',
      config: { access: 'endpoint.write', names: 'partner', shownOnce: ['secret'] },
      schema: {
        tags: ['webhooks'],
        summary: 'Register an address that receives events; its secret is shown once',
        params: idParams('partner'),
        body: z.strictObject({ url: Address, event_types: EventTypes.min(1) }),
        response: { 201: z.object({ id: id('endpoint'), secret: Secret }) },
      },
      handler: async (request, reply) => {
        const { url, event_types } = request.body;
        const partner = await partnerOf(ports, request.params.id);
        await refuseAddress(ports, url);
        const endpointId = ports.ids.derived('endpoint', ...originOf(request));
        const secret = ports.secrets.issue();
        await ports.partners.addEndpoint({
          id: endpointId,
          partnerId: partner.id,
          url,
          eventTypes: event_types,
          createdBy: principalOfRequest(request).sub,
          secrets: ports.secrets.encrypt(endpointId, [secret]),
          workflow: { id: workflowId.feed(endpointId), taskQueue: TASK_QUEUE },
        });
        await ports.engine.startNow([workflowId.feed(endpointId)]);
        return reply.code(201).send({ id: endpointId, secret });
      },
    });

    app.route({
      method: 'GET',
      url: '/partners/:id/endpoints',
      config: { access: 'partner.read', names: 'partner' },
      schema: {
        tags: ['webhooks'],
        summary: 'Endpoints of a partner',
        params: idParams('partner'),
        querystring: z.strictObject(Paging),
        response: { 200: pageOf(Endpoint) },
      },
      handler: async (request) => {
        const { limit, cursor } = request.query;
        const [from] = after(cursor, ['string']) ?? [];
        await partnerOf(ports, request.params.id);
        const { data, ...rest } = page(await ports.partners.endpoints(request.params.id, limit, from), limit, (row) => [
          row.id,
        ]);
        return { data: data.map(endpointOut), ...rest };
      },
    });

    app.route({
      method: 'DELETE',
      url: '/endpoints/:id',
      config: { access: 'endpoint.write', names: 'endpoint' },
      schema: {
        tags: ['webhooks'],
        summary: 'Stop telling an address',
        params: idParams('endpoint'),
        response: { 204: z.null() },
      },
      handler: async (request, reply) => {
        if (!(await ports.partners.setEndpoint(request.params.id, 'removed'))) throw new Problem('not_found');
        return reply.code(204).send(null);
      },
    });

    app.route({
      method: 'GET',
      url: '/endpoints/:id/deliveries',
      config: { access: 'delivery.read', names: 'endpoint' },
      schema: {
        tags: ['webhooks'],
        summary: 'What was sent to an endpoint, newest first, with every attempt',
        params: idParams('endpoint'),
        querystring: z.strictObject({ ...Paging, status: DeliveryStatus.optional() }),
        response: { 200: pageOf(Delivery) },
      },
      handler: async (request) => {
        const { limit, cursor, status } = request.query;
        const [from] = after(cursor, ['number']) ?? [];
        await endpointOf(ports, request.params.id);
        const { data, ...rest } = page(
          await ports.partners.deliveries(request.params.id, status, limit, from),
          limit,
          (row) => [row.position],
        );
        return { data: data.map(deliveryOut), ...rest };
      },
    });

    app.route({
      method: 'POST',
      url: '/endpoints/:id/commands/replay',
      config: { access: 'endpoint.write', names: 'endpoint' },
      schema: {
        tags: ['webhooks'],
        summary: 'Send one event again, or all of a range of positions',
        params: idParams('endpoint'),
        body: z.union([
          z.strictObject({ event_id: id('event') }),
          z.strictObject({ from_position: z.number().int().min(1), to_position: z.number().int().min(1).optional() }),
        ]),
        response: { 202: z.object({ queued: z.number().int() }) },
      },
      handler: async (request, reply) => {
        const { body } = request;
        const endpoint = await endpointOf(ports, request.params.id);
        const what =
          'event_id' in body
            ? { eventId: body.event_id }
            : { from: body.from_position, ...(body.to_position === undefined ? {} : { to: body.to_position }) };
        const queued = await ports.deliveries.replay(endpoint.id, what);
        if (queued > 0) await ports.engine.nudgeFeed(endpoint.id);
        return reply.code(202).send({ queued });
      },
    });

    app.route({
      method: 'POST',
      url: '/endpoints/:id/commands/send-test',
      config: { access: 'endpoint.write', names: 'endpoint' },
      schema: {
        tags: ['webhooks'],
        summary: 'Send one signed event of type test now; what the address answers is not shown, only its status',
        params: idParams('endpoint'),
        body: nothing,
        response: {
          200: z.object({ status: z.number().nullable(), failure: z.string().nullable(), took: Length }),
        },
      },
      handler: async (request) => {
        const endpoint = await endpointOf(ports, request.params.id);
        const end = await ports.deliveries.sendTest(endpoint.id);
        if (!end) throw new Problem('not_found');
        return 'status' in end
          ? { status: end.status, failure: null, took: isoDuration(end.ms) }
          : { status: null, failure: end.failure, took: isoDuration(end.ms) };
      },
    });

    app.route({
      method: 'POST',
      url: '/endpoints/:id/commands/enable',
      config: { access: 'endpoint.write', names: 'endpoint' },
      schema: {
        tags: ['webhooks'],
        summary: 'Send to a disabled endpoint again; what waited is due at once',
        params: idParams('endpoint'),
        body: nothing,
        response: { 200: Endpoint },
      },
      handler: async (request) => {
        const endpoint = await endpointOf(ports, request.params.id);
        if (!(await ports.deliveries.enable(endpoint.id)))
          throw new Problem('conflict', { detail: 'This endpoint is not disabled.' });
        await ports.engine.nudgeFeed(endpoint.id);
        return endpointOut(await endpointOf(ports, endpoint.id));
      },
    });

    app.route({
      method: 'POST',
      url: '/endpoints/:id/commands/rotate-secret',
      config: { access: 'endpoint.write', names: 'endpoint', shownOnce: ['secret'] },
      schema: {
        tags: ['webhooks'],
        summary: 'A new secret, shown once; the old one signs beside it until the next rotation',
        params: idParams('endpoint'),
        body: nothing,
        response: { 200: z.object({ secret: Secret }) },
      },
      handler: async (request) => {
        const endpoint = await endpointOf(ports, request.params.id);
        const secret = ports.secrets.issue();
        const [before] = ports.secrets.open(endpoint.id, endpoint.secrets);
        await ports.partners.setSecrets(
          endpoint.id,
          ports.secrets.encrypt(endpoint.id, before === undefined ? [secret] : [secret, before]),
        );
        return { secret };
      },
    });
  };
}

async function endpointOf(ports: ApiPorts, endpointId: string) {
  const endpoint = await ports.partners.endpoint(endpointId);
  if (!endpoint || endpoint.status === 'removed') throw new Problem('not_found');
  return endpoint;
}

function endpointOut(row: EndpointRow) {
  return {
    id: row.id,
    partner_id: row.partnerId,
    url: row.url,
    event_types: row.eventTypes,
    status: row.status,
    failing_since: maybe(row.failingSince),
    created_at: iso(row.createdAt),
  };
}

function deliveryOut(row: DeliveryRow) {
  return {
    event_id: row.outboxId,
    position: row.position,
    subject: row.subject,
    type: row.type,
    status: row.status,
    attempts: row.attempts,
    next_attempt_at: iso(row.nextAttemptAt),
    delivered_at: maybe(row.deliveredAt),
    redacted_reason: row.redactedReason,
    tries: row.tries.map((t) => ({
      attempt: t.attempt,
      sent_at: iso(t.sentAt),
      took: isoDuration(t.tookMs),
      http_status: t.httpStatus,
      failure: t.failure,
    })),
  };
}
