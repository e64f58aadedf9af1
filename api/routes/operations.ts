import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Operation as Row } from '../../application/operations/operations.ts';
import { operationsOf } from '../../domain/access.ts';
import { camelCased, camelCaseFields, snakeCased } from '../../domain/casing.ts';
import { OPERATION_COMMANDS, type OperationCommand } from '../../domain/operations/commands.ts';
import { iso } from '../../domain/time.ts';
import { type OperationAnswer, workflowId } from '../../workflows/messages.ts';
import { inAddress, OPERATION_COMMAND_NAMES } from '../casing.ts';
import { sendDecision } from '../commands.ts';
import { after, Paging, page, pageOf } from '../paging.ts';
import { scopeOf } from '../plugins/access.ts';
import { principalOfRequest } from '../plugins/authentication.ts';
import { commandIdOf, originOf } from '../plugins/idempotency.ts';
import type { ApiPorts } from '../ports.ts';
import { Problem } from '../problems.ts';
import { Code, id, idParams, Note } from '../schemas/common.ts';
import { NewOperation, OPERATION_ARGS, Operation, OperationDetail, Status } from '../schemas/operations.ts';
import { withEtag } from '../versions.ts';

const Answer = z
  .object({ seq: z.number().int(), status: Status, made: z.record(z.string(), z.string()).optional() })
  .meta({ id: 'OperationAnswer' });

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

    for (const name of Object.keys(OPERATION_COMMANDS) as OperationCommand[]) {
      const rule = OPERATION_COMMANDS[name];
      const kind = OPERATION_COMMAND_NAMES.out(name);
      app.route({
        method: 'POST',
        url: `/operations/:id/commands/${inAddress(kind)}`,
        config: { access: 'operation.command', names: 'operation' },
        schema: {
          tags: ['operations'],
          summary: rule.sentence,
          description: `For: ${rule.roles.join(', ')}.${rule.reason ? ' A reason_code is needed.' : ''}`,
          operationId: kind,
          params: idParams('operation'),
          body: z.strictObject({ args: OPERATION_ARGS[name], reason_code: Code.optional(), note: Note.optional() }),
          response: {
            200: Answer,
          },
        },
        handler: async (request) => {
          const { operationId } = scopeOf(request);
          const { args, reason_code, note } = request.body as {
            args: Record<string, unknown>;
            reason_code?: string;
            note?: string;
          };
          const suspensionId = name === 'suspend' ? ports.ids.derived('suspension', commandIdOf(request)) : undefined;
          const answer = await sendDecision<OperationAnswer>(ports, request, {
            workflowId: workflowId.operation(operationId),
            subject: operationId,
            name,
            rule,
            args: { ...camelCaseFields(args), ...(suspensionId === undefined ? {} : { suspensionId }) },
            reasonCode: reason_code,
            note,
          });
          return { ...answer, ...(suspensionId === undefined ? {} : { made: { suspension_id: suspensionId } }) };
        },
      });
    }
  };
}

function operationOut({ startsAt, createdAt, ...row }: Row) {
  return { ...snakeCased(row), starts_at: iso(startsAt), created_at: iso(createdAt) };
}
