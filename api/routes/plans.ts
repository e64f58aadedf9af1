import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { PlanText, Plan as Row } from '../../application/operations/plans.ts';
import { camelCased, snakeCased } from '../../domain/casing.ts';
import { gapsInPlan, PLAN_GAPS } from '../../domain/plan.ts';
import { after, Paging, page, pageOf } from '../paging.ts';
import { principalOfRequest } from '../plugins/authentication.ts';
import { originOf } from '../plugins/idempotency.ts';
import type { ApiPorts } from '../ports.ts';
import { Problem } from '../problems.ts';
import { id, idParams } from '../schemas/common.ts';
import { PlanActivation } from '../schemas/operations.ts';
import { Plan, PlanBody, type PlanInput } from '../schemas/plans.ts';
import { versionRead, withEtag } from '../versions.ts';

export function planRoutes(ports: ApiPorts): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'POST',
      url: '/plans',
      config: { access: 'plan.write' },
      schema: {
        tags: ['plans'],
        summary: 'Write a preparedness plan',
        body: PlanBody,
        response: { 201: z.object({ id: id('plan'), version: z.number().int() }) },
      },
      handler: async (request, reply) => {
        const planId = ports.ids.derived('plan', ...originOf(request));
        await ports.plans.create({ ...planFrom(request.body), id: planId, createdBy: principalOfRequest(request).sub });
        withEtag(reply, 1);
        return reply.code(201).header('location', `/v1/plans/${planId}`).send({ id: planId, version: 1 });
      },
    });

    app.route({
      method: 'GET',
      url: '/plans',
      config: { access: 'plan.read' },
      schema: {
        tags: ['plans'],
        summary: 'Preparedness plans, newest first',
        querystring: z.strictObject(Paging),
        response: { 200: pageOf(Plan) },
      },
      handler: async (request) => {
        const { limit, cursor } = request.query;
        const [from] = after(cursor, ['string']) ?? [];
        const { data, ...rest } = page(await ports.plans.list(limit, from), limit, (plan) => [plan.id]);
        return { data: data.map(out), ...rest };
      },
    });

    app.route({
      method: 'GET',
      url: '/plans/:id',
      config: { access: 'plan.read', names: 'plan' },
      schema: { tags: ['plans'], summary: 'A preparedness plan', params: idParams('plan'), response: { 200: Plan } },
      handler: async (request, reply) => {
        const plan = await ports.plans.read(request.params.id);
        if (!plan) throw new Problem('not_found');
        withEtag(reply, plan.version);
        return out(plan);
      },
    });

    app.route({
      method: 'PUT',
      url: '/plans/:id',
      config: { access: 'plan.write', names: 'plan' },
      schema: {
        tags: ['plans'],
        summary: 'Write the plan anew, if nobody has meanwhile',
        params: idParams('plan'),
        body: PlanBody,
        response: { 200: z.object({ id: id('plan'), version: z.number().int() }) },
      },
      handler: async (request, reply) => {
        const { id: planId } = request.params;
        const read = versionRead(request);
        if (!(await ports.plans.read(planId))) throw new Problem('not_found');
        const version = await ports.plans.write(planId, read, planFrom(request.body));
        if (version === 'changed') throw new Problem('changed_meanwhile');
        withEtag(reply, version);
        return { id: planId, version };
      },
    });

    app.route({
      method: 'POST',
      url: '/plans/:id/commands/activate',
      config: { access: 'plan.activate', names: 'plan' },
      schema: {
        tags: ['plans'],
        summary:
          'Make an operation of the plan; it begins as a draft, and its own activation asks for the government’s request and the leads',
        params: idParams('plan'),
        body: PlanActivation,
        response: { 201: z.object({ id: id('operation') }) },
      },
      handler: async (request, reply) => {
        const { clock: segments, starts_at: startsAt, ...body } = request.body;
        const operationId = ports.ids.derived('operation', ...originOf(request));
        const activated = await ports.plans.activate({
          ...body,
          planId: request.params.id,
          operationId,
          startsAt,
          segments: segments && camelCased(segments),
          activatedBy: principalOfRequest(request).sub,
        });
        if (activated.outcome === 'incomplete') {
          throw new Problem('conflict', {
            detail: `The plan still lacks: ${activated.missing.join(', ')}.`,
            extra: { missing: activated.missing },
          });
        }
        if (activated.outcome === 'unknown') throw new Problem('not_found');
        if (activated.outcome !== 'activated') throw new Problem('conflict', { detail: REFUSED[activated.outcome] });
        return reply.code(201).header('location', `/v1/operations/${operationId}`).send({ id: operationId });
      },
    });
  };
}

const REFUSED = {
  retired: 'The plan is retired.',
  activated_before: 'The plan has become an operation already; a drill can be made of it any time.',
};

/** @throws Problem where a plan is said to be ready and is not */
function planFrom(body: PlanInput): PlanText {
  const { name, scenario, status, ...rest } = body;
  const document = camelCased(rest);
  const gaps = status === 'ready' ? gapsInPlan(document).map((gap) => PLAN_GAPS[gap]) : [];
  if (gaps.length > 0) {
    throw new Problem('invalid_request', {
      errors: [{ pointer: '/status', code: 'not_ready', detail: `A plan that is ready has: ${gaps.join(', ')}.` }],
    });
  }
  return { name, scenario, status, document };
}

function out({ document, createdAt, ...plan }: Row) {
  return {
    ...snakeCased(plan),
    created_at: createdAt.toISOString(),
    missing: gapsInPlan(document),
    document: snakeCased(document),
  };
}
