import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Operation as Row } from '../../application/operations/operations.ts';
import { operationsOf } from '../../domain/access.ts';
import { camelCased, snakeCased } from '../../domain/casing.ts';
import { iso } from '../../domain/time.ts';
import { after, Paging, page, pageOf } from '../paging.ts';
import { scopeOf } from '../plugins/access.ts';
import { principalOfRequest } from '../plugins/authentication.ts';
import { originOf } from '../plugins/idempotency.ts';
import type { ApiPorts } from '../ports.ts';
import { Problem } from '../problems.ts';
import { id, idParams } from '../schemas/common.ts';
import { NewOperation, Operation, OperationDetail, Status } from '../schemas/operations.ts';
import { withEtag } from '../versions.ts';

export function operationRoutes(ports: ApiPorts): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'POST',
      url: '/operations',
      config: { access: 'operation.create' },
      schema: {
        tags: ['operations'],
        summary: 'Open an operation (a draft, until it is activated)',
        body: NewOperation,
        response: { 201: z.object({ id: id('operation'), status: Status }) },
      },
      handler: async (request, reply) => {
        const { clock: segments, ...body } = camelCased(request.body);
        const operationId = ports.ids.derived('operation', ...originOf(request));
        const created = await ports.operations.create({
          ...body,
          id: operationId,
          segments,
          createdBy: principalOfRequest(request).sub,
        });
        if (created === 'unknown_partner') {
          throw new Problem('invalid_request', {
            errors: [{ pointer: '/partners', code: 'unknown', detail: 'Not all of these are partners of the system.' }],
          });
        }
        return reply
          .code(201)
          .header('location', `/v1/operations/${operationId}`)
          .send({ id: operationId, status: 'draft' });
      },
    });

    app.route({
      method: 'GET',
      url: '/operations',
      config: { access: 'operation.list' },
      schema: {
        tags: ['operations'],
        summary: 'The operations one has a role in, newest first',
        querystring: z.strictObject(Paging),
        response: { 200: pageOf(Operation) },
      },
      handler: async (request) => {
        const { limit, cursor } = request.query;
        const [from] = after(cursor, ['string']) ?? [];
        const rows = await ports.operations.list(operationsOf(principalOfRequest(request)), limit, from);
        const { data, ...rest } = page(rows, limit, (row) => [row.id]);
        return { data: data.map(operationOut), ...rest };
      },
    });

    app.route({
      method: 'GET',
      url: '/operations/:id',
      config: { access: 'operation.read', names: 'operation' },
      schema: {
        tags: ['operations'],
        summary: 'An operation',
        params: idParams('operation'),
        response: { 200: OperationDetail },
      },
      handler: async (request, reply) => {
        const { operationId } = scopeOf(request);
        const [operation, partners, now] = await Promise.all([
          ports.operations.read(operationId),
          ports.partners.ofOperation(operationId),
          ports.operations.now(operationId, ports.clock()),
        ]);
        if (!operation) throw new Problem('not_found');
        withEtag(reply, operation.seq);
        const { leads, phases, sites, suspensions, ...row } = operation;
        return {
          ...operationOut(row),
          operation_time: iso(now),
          leads,
          phases,
          sites,
          partners,
          suspensions: suspensions.map(({ from, ...suspension }) => ({ ...snakeCased(suspension), from: iso(from) })),
        };
      },
    });
  };
}

function operationOut({ startsAt, createdAt, ...row }: Row) {
  return { ...snakeCased(row), starts_at: iso(startsAt), created_at: iso(createdAt) };
}
