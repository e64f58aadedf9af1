import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { OperationRow } from '../../adapters/postgres/operations/operations.ts';
import { operationsOf } from '../../domain/access.ts';
import { clockFrom, REAL_CLOCK, toOperation } from '../../domain/clock.ts';
import { iso } from '../../domain/time.ts';
import { TASK_QUEUE, workflowId } from '../../workflows/messages.ts';
import { after, Paging, page, pageOf } from '../paging.ts';
import { scopeOf } from '../plugins/access.ts';
import { principalOfRequest } from '../plugins/authentication.ts';
import { originOf } from '../plugins/idempotency.ts';
import type { ApiPorts } from '../ports.ts';
import { Problem } from '../problems.ts';
import { rulesFrom, rulesOut } from '../rules.ts';
import { id, idParams } from '../schemas/common.ts';
import {
  Clock,
  NewOperation,
  Operation,
  OperationDetail,
  RulesBody,
  Sector,
  SectorCode,
  SectorInput,
  Status,
} from '../schemas/operations.ts';
import { versionRead, withEtag } from '../versions.ts';

const Rules = z.object({ version: z.number().int() }).loose();

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
        const { body } = request;
        if ((await ports.partners.unknown(body.partners)).length > 0) {
          throw new Problem('invalid_request', {
            errors: [{ pointer: '/partners', code: 'unknown', detail: 'Not all of these are partners of the system.' }],
          });
        }
        const real = ports.clock();
        const operationId = ports.ids.derived('operation', ...originOf(request));
        const clock = body.clock
          ? clockFrom(
              real,
              body.clock.map((s) => ({ fromOperationTime: s.from_operation_time, secondsPerDay: s.seconds_per_day })),
            )
          : REAL_CLOCK;
        await ports.operations.create({
          id: operationId,
          kind: body.kind,
          drill: body.drill,
          name: body.name,
          country: body.country,
          startsAt: body.starts_at ?? toOperation(clock, real),
          clock,
          rules: rulesFrom(body.kind, body.rules),
          sites: body.sites,
          sectors: body.sectors.map((s) => ({
            code: s.code,
            ...(s.lead_agency ? { leadAgency: s.lead_agency } : {}),
            ...(s.cluster ? { cluster: s.cluster } : {}),
            planned: s.planned ?? 0,
          })),
          partners: body.partners,
          createdBy: principalOfRequest(request).sub,
          workflow: { id: workflowId.operation(operationId), taskQueue: TASK_QUEUE },
        });
        await ports.engine.startNow([workflowId.operation(operationId)]);
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
        return {
          ...operationOut(operation),
          operation_time: iso(now),
          leads: operation.leads,
          phases: operation.phases,
          sites: operation.sites,
          partners,
          suspensions: operation.suspensions.map((s) => ({
            id: s.id,
            scope_kind: s.scopeKind,
            scope_value: s.scopeValue,
            from: iso(s.from),
          })),
        };
      },
    });

    app.route({
      method: 'GET',
      url: '/operations/:id/clock',
      config: { access: 'operation.read', names: 'operation' },
      schema: {
        tags: ['operations'],
        summary: 'What the clock of the operation shows, and how it runs',
        params: idParams('operation'),
        response: { 200: Clock },
      },
      handler: async (request) => {
        const clock = await ports.operations.clock(scopeOf(request).operationId);
        const real = ports.clock();
        return {
          operation_time: iso(toOperation(clock, real)),
          real_time: iso(real),
          segments: clock.map((s) => ({
            from_operation_time: iso(s.fromOperationTime),
            from_real_time: iso(s.fromRealTime),
            seconds_per_day: s.secondsPerDay,
          })),
        };
      },
    });

    app.route({
      method: 'GET',
      url: '/operations/:id/rules',
      config: { access: 'operation.read', names: 'operation' },
      schema: {
        tags: ['operations'],
        summary: 'The rules in force',
        params: idParams('operation'),
        response: { 200: Rules },
      },
      handler: async (request, reply) => {
        const rules = await ports.operations.rules(scopeOf(request).operationId);
        withEtag(reply, rules.version);
        return rulesOut(rules);
      },
    });

    app.route({
      method: 'PUT',
      url: '/operations/:id/rules',
      config: { access: 'operation.configure', names: 'operation' },
      schema: {
        tags: ['operations'],
        summary: 'Write the next version of the rules; journeys under way keep the version they began with',
        params: idParams('operation'),
        body: RulesBody,
        response: { 200: Rules },
      },
      handler: async (request, reply) => {
        const { operationId } = scopeOf(request);
        const read = versionRead(request);
        const [operation, base, now] = await Promise.all([
          ports.operations.read(operationId),
          ports.operations.rules(operationId),
          ports.operations.now(operationId, ports.clock()),
        ]);
        if (!operation) throw new Problem('not_found');
        const rules = rulesFrom(operation.kind, request.body, base);
        const version = await ports.operations.writeRules(
          operationId,
          read,
          rules,
          principalOfRequest(request).sub,
          now,
        );
        if (version === 'changed') throw new Problem('changed_meanwhile');
        withEtag(reply, version);
        return rulesOut({ ...rules, version });
      },
    });

    app.route({
      method: 'GET',
      url: '/operations/:id/sectors',
      config: { access: 'operation.read', names: 'operation' },
      schema: {
        tags: ['operations'],
        summary: 'The 15 sectors: who leads, planned and reached',
        params: idParams('operation'),
        response: { 200: z.object({ data: z.array(Sector) }) },
      },
      handler: async (request) => {
        const rows = await ports.operations.sectors(scopeOf(request).operationId);
        return { data: rows.map(({ leadAgency, ...row }) => ({ ...row, lead_agency: leadAgency })) };
      },
    });

    app.route({
      method: 'PUT',
      url: '/operations/:id/sectors/:code',
      config: { access: 'operation.configure', names: 'operation' },
      schema: {
        tags: ['operations'],
        summary: 'Say who leads a sector and how many people are planned for',
        params: idParams('operation').extend({ code: SectorCode }),
        body: SectorInput,
        response: { 204: z.null() },
      },
      handler: async (request, reply) => {
        const { lead_agency, cluster, planned } = request.body;
        const known = await ports.operations.writeSector(scopeOf(request).operationId, request.params.code, {
          leadAgency: lead_agency,
          cluster,
          planned,
        });
        if (!known) throw new Problem('not_found');
        return reply.code(204).send(null);
      },
    });

    app.route({
      method: 'POST',
      url: '/operations/:id/partners',
      config: { access: 'operation.configure', names: 'operation' },
      schema: {
        tags: ['operations'],
        summary: 'Let a partner take part in the operation',
        params: idParams('operation'),
        body: z.strictObject({ partner_id: id('partner') }),
        response: { 200: z.object({ partner_id: z.string() }) },
      },
      handler: async (request) => {
        const { partner_id } = request.body;
        if (!(await ports.operations.addPartner(scopeOf(request).operationId, partner_id))) {
          throw new Problem('invalid_request', {
            errors: [{ pointer: '/partner_id', code: 'unknown', detail: 'There is no such partner.' }],
          });
        }
        return { partner_id };
      },
    });
  };
}

function operationOut(row: OperationRow) {
  return {
    id: row.id,
    kind: row.kind,
    drill: row.drill,
    name: row.name,
    country: row.country,
    status: row.status as z.output<typeof Status>,
    plan_id: row.planId,
    government_request_ref: row.governmentRequestRef,
    rules_version: row.rulesVersion,
    registration_open: row.registrationOpen,
    starts_at: iso(row.startsAt),
    created_at: iso(row.createdAt),
  };
}
