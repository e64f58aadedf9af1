import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { camelCased, snakeCased } from '../../domain/casing.ts';
import { iso, toOperation } from '../../domain/time.ts';
import { scopeOf } from '../plugins/access.ts';
import { principalOfRequest } from '../plugins/authentication.ts';
import type { ApiPorts } from '../ports.ts';
import { Problem } from '../problems.ts';
import { rulesOut } from '../rules.ts';
import { id, idParams } from '../schemas/common.ts';
import { Clock, RulesBody, Sector, SectorCode, SectorInput } from '../schemas/operations.ts';
import { versionRead, withEtag } from '../versions.ts';

const Rules = z.object({ version: z.number().int() }).loose();

/** What an operation works by: its clock, rules, sectors and partners. */
export function operationSettingRoutes(ports: ApiPorts): FastifyPluginAsyncZod {
  return async (app) => {
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
          segments: clock.map(({ fromOperationTime, fromRealTime, secondsPerDay }) => ({
            from_operation_time: iso(fromOperationTime),
            from_real_time: iso(fromRealTime),
            seconds_per_day: secondsPerDay,
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
        const rules = await ports.operations.changeRules(
          scopeOf(request).operationId,
          versionRead(request),
          camelCased(request.body),
          principalOfRequest(request).sub,
        );
        if (rules === 'changed') throw new Problem('changed_meanwhile');
        withEtag(reply, rules.version);
        return rulesOut(rules);
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
        return { data: snakeCased(await ports.operations.sectors(scopeOf(request).operationId)) };
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
        const { operationId } = scopeOf(request);
        await ports.operations.writeSector(operationId, request.params.code, camelCased(request.body));
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
        if ((await ports.partners.unknown([partner_id])).length > 0) {
          throw new Problem('invalid_request', {
            errors: [{ pointer: '/partner_id', code: 'unknown', detail: 'There is no such partner.' }],
          });
        }
        await ports.operations.addPartner(scopeOf(request).operationId, partner_id);
        return { partner_id };
      },
    });
  };
}
