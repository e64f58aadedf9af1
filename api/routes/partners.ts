import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type {
  AddressRefused,
  Agreement as AgreementRow,
  Partner as PartnerRow,
} from '../../application/partners/partners.ts';
import { iso } from '../../domain/time.ts';
import { after, Paging, page, pageOf } from '../paging.ts';
import { demand } from '../plugins/access.ts';
import { principalOfRequest } from '../plugins/authentication.ts';
import { originOf } from '../plugins/idempotency.ts';
import type { ApiPorts } from '../ports.ts';
import { Problem } from '../problems.ts';
import {
  At,
  EventTypes,
  id,
  idParams,
  MaybeAt,
  Moment,
  maybe,
  Nationality,
  PartnerKind,
  Title,
} from '../schemas/common.ts';
import { Fields, Purposes } from '../schemas/plans.ts';

export const Address = z.string().max(2_048).meta({ description: 'https, a public name, port 443 or 8443' });
export const Secret = z.string().nullable().meta({ description: 'shown once; a repeated request gets null' });

const Partner = z.object({
  id: id('partner'),
  kind: PartnerKind,
  name: z.string(),
  state: z.string().nullable(),
  base_url: z.string().nullable(),
  status: z.enum(['active', 'suspended']),
  created_at: At.meta({ description: 'real time' }),
});
const Agreement = z.object({
  id: id('agreement'),
  partner_id: z.string(),
  operation_id: z.string(),
  purposes: Purposes,
  fields: Fields,
  event_types: EventTypes,
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

export function partnerRoutes(ports: ApiPorts): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'POST',
      url: '/partners',
      config: { access: 'partner.write', shownOnce: ['secret'] },
      schema: {
        tags: ['partners'],
        summary: 'Register a partner; its secret is shown once',
        body: z.strictObject({
          kind: PartnerKind,
          name: Title,
          state: Nationality.optional(),
          base_url: Address.optional(),
        }),
        response: { 201: z.object({ id: id('partner'), secret: Secret }) },
      },
      handler: async (request, reply) => {
        const { kind, name, state, base_url } = request.body;
        const partnerId = ports.ids.derived('partner', ...originOf(request));
        const registered = await ports.partners.register({
          ...{ id: partnerId, kind, name, state: state ?? null, baseUrl: base_url ?? null },
          createdBy: principalOfRequest(request).sub,
        });
        if ('refused' in registered) {
          if (registered.refused === 'address') throw addressRefused(registered);
          throw new Problem('invalid_request', {
            errors: [{ pointer: '/state', code: 'required', detail: 'A consulate is that of a State.' }],
          });
        }
        const { secret } = registered;
        return reply.code(201).header('location', `/v1/partners/${partnerId}`).send({ id: partnerId, secret });
      },
    });

    app.route({
      method: 'GET',
      url: '/partners',
      config: { access: 'partner.read' },
      schema: {
        tags: ['partners'],
        summary: 'Partners of the system',
        querystring: z.strictObject({
          ...Paging,
          'filter[kind]': PartnerKind.optional(),
          'filter[operation]': id('operation').optional(),
        }),
        response: { 200: pageOf(Partner) },
      },
      handler: async (request) => {
        const { limit, cursor, 'filter[kind]': kind, 'filter[operation]': operation } = request.query;
        const [from] = after(cursor, ['string']) ?? [];
        const rows = await ports.partners.list({ kind, operation }, limit, from);
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
        summary: 'Record which data a partner may receive, for what, on which written basis',
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
          validFrom: body.valid_from,
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
        const rows = await ports.partners.agreements(request.params.id, limit, from);
        const { data, ...rest } = page(rows, limit, (row) => [row.id]);
        return { data: data.map(agreementOut), ...rest };
      },
    });
  };
}

export const addressRefused = ({ reason }: AddressRefused): Problem =>
  new Problem('address_refused', { extra: { reason } });

export async function partnerOf(ports: ApiPorts, partnerId: string): Promise<PartnerRow> {
  const partner = await ports.partners.read(partnerId);
  if (!partner) throw new Problem('not_found');
  return partner;
}

const partnerOut = ({ baseUrl, createdAt, ...partner }: PartnerRow) => ({
  ...partner,
  base_url: baseUrl,
  created_at: iso(createdAt),
});

const agreementOut = ({ partnerId, operationId, eventTypes, validFrom, validUntil, ...agreement }: AgreementRow) => ({
  ...agreement,
  partner_id: partnerId,
  operation_id: operationId,
  event_types: eventTypes,
  valid_from: iso(validFrom),
  valid_until: maybe(validUntil),
});
