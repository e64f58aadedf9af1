import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type {
  Agreement as AgreementRow,
  Delivery as DeliveryRow,
  Endpoint as EndpointRow,
  Partner as PartnerRow,
} from '../../adapters/postgres/reads/partners.ts';
import { EVENTS, type EventType } from '../../domain/events.ts';
import { iso } from '../../domain/time.ts';
import { TASK_QUEUE, workflowId } from '../../workflows/messages.ts';
import { after, Paging, page, pageOf } from '../paging.ts';
import { demand } from '../plugins/access.ts';
import { principalOfRequest } from '../plugins/authentication.ts';
import { originOf } from '../plugins/idempotency.ts';
import type { ApiPorts } from '../ports.ts';
import { Problem } from '../problems.ts';
import { At, id, idParams, MaybeAt, Moment, maybe, Nationality, Title } from '../schemas/common.ts';
import { Fields, Purposes } from '../schemas/plans.ts';

const Kind = z.enum(['registry', 'consulate', 'carrier', 'border', 'clinic', 'agency']);
const Address = z.string().max(2_048).meta({ description: 'https, a public name, port 443 or 8443' });
const EventTypes = z.array(z.enum(Object.keys(EVENTS) as EventType[])).max(100);
const Secret = z.string().nullable().meta({ description: 'shown once; a repeated request gets null' });

const Partner = z.object({
  id: id('partner'),
  kind: Kind,
  name: z.string(),
  state: z.string().nullable(),
  base_url: z.string().nullable(),
  status: z.string(),
  created_at: At.meta({ description: 'real time' }),
});
const Agreement = z.object({
  id: id('agreement'),
  partner_id: z.string(),
  operation_id: z.string(),
  purposes: z.array(z.string()),
  fields: z.array(z.string()),
  event_types: z.array(z.string()),
  reference: z.string(),
  valid_from: At,
  valid_until: MaybeAt,
});
const NewAgreement = z
  .strictObject({
    operation_id: id('operation'),
    purposes: Purposes,
    fields: Fields,
    event_types: EventTypes.default([]),
    reference: Title,
    valid_from: Moment.optional().meta({ description: 'operation time; default: now' }),
    valid_until: Moment.optional(),
  })
  .refine((a) => a.valid_from === undefined || a.valid_until === undefined || a.valid_until > a.valid_from, {
    path: ['valid_until'],
    message: 'An agreement ends after it begins',
  });
const Endpoint = z.object({
  id: id('endpoint'),
  partner_id: z.string(),
  url: z.string(),
  event_types: z.array(z.string()),
  status: z.string(),
  failing_since: MaybeAt,
  created_at: At.meta({ description: 'real time' }),
});
const Delivery = z.object({
  event_id: z.string(),
  position: z.number().int(),
  subject: z.string(),
  type: z.string(),
  status: z.string(),
  attempts: z.number().int(),
  next_attempt_at: At,
  delivered_at: MaybeAt,
  withheld_reason: z.string().nullable(),
  tries: z.array(
    z.object({
      attempt: z.number(),
      sent_at: At,
      took_ms: z.number(),
      http_status: z.number().nullable(),
      failure: z.string().nullable(),
    }),
  ),
});
const DeliveryStatus = z.enum(['queued', 'retrying', 'delivered', 'parked', 'withheld']);
const nothing = z.strictObject({}).prefault({});

export function partnerRoutes(ports: ApiPorts): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'POST',
      url: '/partners',
      config: { access: 'partner.write', shownOnce: ['secret'] },
      schema: {
        tags: ['partners'],
        summary: 'Register a partner; its secret is shown once',
        body: z.strictObject({ kind: Kind, name: Title, state: Nationality.optional(), base_url: Address.optional() }),
        response: { 201: z.object({ id: id('partner'), secret: Secret }) },
      },
      handler: async (request, reply) => {
        const { kind, name, state, base_url } = request.body;
        if (kind === 'consulate' && state === undefined) {
          throw new Problem('invalid_request', {
            errors: [{ pointer: '/state', code: 'required', detail: 'A consulate is that of a State.' }],
          });
        }
        if (base_url !== undefined) await refuseAddress(ports, base_url);
        const partnerId = ports.ids.derived('partner', ...originOf(request));
        const secret = ports.secrets.issue();
        await ports.partners.register({
          id: partnerId,
          kind,
          name,
          state: state ?? null,
          baseUrl: base_url ?? null,
          createdBy: principalOfRequest(request).sub,
          secrets: ports.secrets.seal(partnerId, [secret]),
        });
        return reply.code(201).header('location', `/v1/partners/${partnerId}`).send({ id: partnerId, secret });
      },
    });

    app.route({
      method: 'GET',
      url: '/partners',
      config: { access: 'partner.read' },
      schema: {
        tags: ['partners'],
        summary: 'Partners of the house',
        querystring: z.strictObject({
          ...Paging,
          'filter[kind]': Kind.optional(),
          'filter[operation]': id('operation').optional(),
        }),
        response: { 200: pageOf(Partner) },
      },
      handler: async (request) => {
        const { limit, cursor, 'filter[kind]': kind, 'filter[operation]': operation } = request.query;
        const [from] = after(cursor, ['string']) ?? [];
        const rows = await ports.partners.list(
          { ...(kind ? { kind } : {}), ...(operation ? { operation } : {}) },
          limit,
          from,
        );
        const { data, ...rest } = page(rows, limit, (row) => [row.id]);
        return { data: data.map(partnerOut), ...rest };
      },
    });

    app.route({
      method: 'GET',
      url: '/partners/:id',
      config: { access: 'partner.read', names: 'partner' },
      schema: { tags: ['partners'], summary: 'A partner', params: idParams('partner'), response: { 200: Partner } },
      handler: async (request) => partnerOut(await partnerOf(ports, request.params.id)),
    });

    app.route({
      method: 'POST',
      url: '/partners/:id/agreements',
      config: { access: 'agreement.write', names: 'partner' },
      schema: {
        tags: ['partners'],
        summary: 'Record what a partner may be told, for what, on which written basis',
        params: idParams('partner'),
        body: NewAgreement,
        response: { 201: z.object({ id: id('agreement') }) },
      },
      handler: async (request, reply) => {
        const { body } = request;
        const partner = await partnerOf(ports, request.params.id);
        if (!(await ports.operations.read(body.operation_id))) {
          throw new Problem('invalid_request', {
            errors: [{ pointer: '/operation_id', code: 'unknown', detail: 'There is no such operation.' }],
          });
        }
        demand(request, 'operation.configure', body.operation_id);
        const agreementId = ports.ids.derived('agreement', ...originOf(request));
        await ports.partners.agree({
          id: agreementId,
          partnerId: partner.id,
          operationId: body.operation_id,
          purposes: body.purposes,
          fields: body.fields,
          eventTypes: body.event_types,
          reference: body.reference,
          validFrom: body.valid_from ?? (await ports.operations.now(body.operation_id, ports.clock())),
          validUntil: body.valid_until ?? null,
        });
        return reply.code(201).send({ id: agreementId });
      },
    });

    app.route({
      method: 'GET',
      url: '/partners/:id/agreements',
      config: { access: 'partner.read', names: 'partner' },
      schema: {
        tags: ['partners'],
        summary: 'Agreements with a partner',
        params: idParams('partner'),
        querystring: z.strictObject(Paging),
        response: { 200: pageOf(Agreement) },
      },
      handler: async (request) => {
        const { limit, cursor } = request.query;
        const [from] = after(cursor, ['string']) ?? [];
        await partnerOf(ports, request.params.id);
        const { data, ...rest } = page(
          await ports.partners.agreements(request.params.id, limit, from),
          limit,
          (row) => [row.id],
        );
        return { data: data.map(agreementOut), ...rest };
      },
    });

    app.route({
      method: 'POST',
      url: '/partners/:id/endpoints',
      config: { access: 'endpoint.write', names: 'partner', shownOnce: ['secret'] },
      schema: {
        tags: ['webhooks'],
        summary: 'Register an address that is told of events; its secret is shown once',
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
          secrets: ports.secrets.seal(endpointId, [secret]),
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
      url: '/endpoints/:id/commands/sendTest',
      config: { access: 'endpoint.write', names: 'endpoint' },
      schema: {
        tags: ['webhooks'],
        summary: 'Send one signed event of type test now; what the address answers is not shown, only its status',
        params: idParams('endpoint'),
        body: nothing,
        response: {
          200: z.object({ status: z.number().nullable(), failure: z.string().nullable(), took_ms: z.number() }),
        },
      },
      handler: async (request) => {
        const endpoint = await endpointOf(ports, request.params.id);
        const end = await ports.deliveries.sendTest(endpoint.id);
        if (!end) throw new Problem('not_found');
        return 'status' in end
          ? { status: end.status, failure: null, took_ms: end.ms }
          : { status: null, failure: end.failure, took_ms: end.ms };
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
      url: '/endpoints/:id/commands/rotateSecret',
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
          ports.secrets.seal(endpoint.id, before === undefined ? [secret] : [secret, before]),
        );
        return { secret };
      },
    });
  };
}

async function refuseAddress(ports: ApiPorts, url: string): Promise<void> {
  const reason = await ports.refusedAddress(url);
  if (reason !== undefined) throw new Problem('address_refused', { extra: { reason } });
}

async function partnerOf(ports: ApiPorts, partnerId: string): Promise<PartnerRow> {
  const partner = await ports.partners.read(partnerId);
  if (!partner) throw new Problem('not_found');
  return partner;
}

async function endpointOf(ports: ApiPorts, endpointId: string) {
  const endpoint = await ports.partners.endpoint(endpointId);
  if (!endpoint || endpoint.status === 'removed') throw new Problem('not_found');
  return endpoint;
}

function partnerOut(row: PartnerRow) {
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    state: row.state,
    base_url: row.baseUrl,
    status: row.status,
    created_at: iso(row.createdAt),
  };
}

function agreementOut(row: AgreementRow) {
  return {
    id: row.id,
    partner_id: row.partnerId,
    operation_id: row.operationId,
    purposes: row.purposes,
    fields: row.fields,
    event_types: row.eventTypes,
    reference: row.reference,
    valid_from: iso(row.validFrom),
    valid_until: maybe(row.validUntil),
  };
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
    withheld_reason: row.withheldReason,
    tries: row.tries.map((t) => ({
      attempt: t.attempt,
      sent_at: iso(t.sentAt),
      took_ms: t.tookMs,
      http_status: t.httpStatus,
      failure: t.failure,
    })),
  };
}
