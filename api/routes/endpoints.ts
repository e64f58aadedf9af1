import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Delivery as DeliveryRow, Endpoint as EndpointRow } from '../../application/webhooks/endpoints.ts';
import { iso, isoDuration } from '../../domain/time.ts';
import {
  DELIVERY_FAILURES,
  DELIVERY_STATUSES,
  ENDPOINT_STATUSES,
  REDACTED_REASONS,
} from '../../domain/webhooks/deliveries.ts';
import { after, Paging, page, pageOf } from '../paging.ts';
import { principalOfRequest } from '../plugins/authentication.ts';
import { originOf } from '../plugins/idempotency.ts';
import type { ApiPorts } from '../ports.ts';
import { Problem } from '../problems.ts';
import { At, EventType, EventTypes, id, idParams, Length, MaybeAt, maybe } from '../schemas/common.ts';
import { Address, addressRefused, partnerOf, Secret } from './partners.ts';

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
const DeliveryFailure = z.enum(DELIVERY_FAILURES).meta({ id: 'DeliveryFailure' });
const Delivery = z.object({
  event_id: z.string(),
  position: z.number().int(),
  subject: z.string(),
  type: EventType,
  status: DeliveryStatus,
  attempts: z.number().int(),
  next_attempt_at: At,
  delivered_at: MaybeAt,
  redacted_reason: z.enum(REDACTED_REASONS).nullable(),
  tries: z.array(
    z.object({
      attempt: z.number(),
      sent_at: At,
      took: Length,
      http_status: z.number().nullable(),
      failure: DeliveryFailure.nullable(),
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
        const endpointId = ports.ids.derived('endpoint', ...originOf(request));
        const registered = await ports.endpoints.register({
          ...{ id: endpointId, partnerId: partner.id, url, eventTypes: event_types },
          createdBy: principalOfRequest(request).sub,
        });
        if ('refused' in registered) throw addressRefused(registered);
        await ports.engine.startNow([registered.workflowId]);
        return reply.code(201).send({ id: endpointId, secret: registered.secret });
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
        const rows = await ports.endpoints.endpoints(request.params.id, limit, from);
        const { data, ...rest } = page(rows, limit, (row) => [row.id]);
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
        if (!(await ports.endpoints.remove(request.params.id))) throw new Problem('not_found');
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
        const rows = await ports.endpoints.deliveries(request.params.id, status, limit, from);
        const { data, ...rest } = page(rows, limit, (row) => [row.position]);
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
          'event_id' in body ? { eventId: body.event_id } : { from: body.from_position, to: body.to_position };
        const queued = await ports.endpoints.replay(endpoint.id, what);
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
          200: z.object({ status: z.number().nullable(), failure: DeliveryFailure.nullable(), took: Length }),
        },
      },
      handler: async (request) => {
        const end = await ports.endpoints.sendTest(request.params.id);
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
        if (!(await ports.endpoints.enable(endpoint.id)))
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
        const secret = await ports.endpoints.rotateSecret(request.params.id);
        if (secret === undefined) throw new Problem('not_found');
        return { secret };
      },
    });
  };
}

async function endpointOf(ports: ApiPorts, endpointId: string) {
  const endpoint = await ports.endpoints.read(endpointId);
  if (!endpoint) throw new Problem('not_found');
  return endpoint;
}

const endpointOut = (row: EndpointRow) => ({
  id: row.id,
  partner_id: row.partnerId,
  url: row.url,
  event_types: row.eventTypes,
  status: row.status,
  failing_since: maybe(row.failingSince),
  created_at: iso(row.createdAt),
});

const deliveryOut = ({ outboxId, nextAttemptAt, deliveredAt, redactedReason, tries, ...delivery }: DeliveryRow) => ({
  ...delivery,
  event_id: outboxId,
  next_attempt_at: iso(nextAttemptAt),
  delivered_at: maybe(deliveredAt),
  redacted_reason: redactedReason,
  tries: tries.map(({ attempt, sentAt, tookMs, httpStatus, failure }) => ({
    attempt,
    sent_at: iso(sentAt),
    took: isoDuration(tookMs),
    http_status: httpStatus,
    failure,
  })),
});
