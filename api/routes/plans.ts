import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Plan as PlanRow } from '../../adapters/postgres/operations/plans.ts';
import { clockFrom, REAL_CLOCK, toOperation } from '../../domain/clock.ts';
import { missingInPlan } from '../../domain/plan.ts';
import { TASK_QUEUE, workflowId } from '../../workflows/messages.ts';
import { after, Paging, page, pageOf } from '../paging.ts';
import { principalOfRequest } from '../plugins/authentication.ts';
import { originOf } from '../plugins/idempotency.ts';
import type { ApiPorts } from '../ports.ts';
import { Problem } from '../problems.ts';
import { id, idParams, Moment, Title } from '../schemas/common.ts';
import { SegmentBody } from '../schemas/operations.ts';
import { Plan, PlanBody, planDocument, planOut } from '../schemas/plans.ts';
import { versionRead, withEtag } from '../versions.ts';

const Activation = z
  .strictObject({
    name: Title.optional().meta({ description: 'of the operation; default: of the plan' }),
    drill: z.boolean().default(false).meta({ description: 'a rehearsal: the plan stays as it is' }),
    starts_at: Moment.optional(),
    clock: z.array(SegmentBody).min(1).max(200).optional(),
  })
  .refine((body) => body.drill || body.clock === undefined, {
    path: ['clock'],
    message: 'Only a drill has a clock of its own',
  });

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
        const { body } = request;
        const planId = ports.ids.derived('plan', ...originOf(request));
        const document = planDocument(body);
        readyOnlyIfWhole(body.status, missingInPlan(document));
        await ports.plans.create({
          id: planId,
          name: body.name,
          scenario: body.scenario,
          status: body.status,
          document,
          createdBy: principalOfRequest(request).sub,
        });
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
        const { body } = request;
        const { id: planId } = request.params;
        const read = versionRead(request);
        if (!(await ports.plans.read(planId))) throw new Problem('not_found');
        const document = planDocument(body);
        readyOnlyIfWhole(body.status, missingInPlan(document));
        const version = await ports.plans.write(planId, read, {
          name: body.name,
          scenario: body.scenario,
          status: body.status,
          document,
        });
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
        body: Activation,
        response: { 201: z.object({ id: id('operation') }) },
      },
      handler: async (request, reply) => {
        const { body } = request;
        const plan = await ports.plans.read(request.params.id);
        if (!plan) throw new Problem('not_found');
        const real = ports.clock();
        const clock = body.clock
          ? clockFrom(
              real,
              body.clock.map((s) => ({ fromOperationTime: s.from_operation_time, secondsPerDay: s.seconds_per_day })),
            )
          : REAL_CLOCK;
        const operationId = ports.ids.derived('operation', ...originOf(request));
        const activated = await ports.plans.activate({
          planId: plan.id,
          operationId,
          name: body.name ?? plan.name,
          drill: body.drill,
          startsAt: body.starts_at ?? toOperation(clock, real),
          clock,
          activatedBy: principalOfRequest(request).sub,
          workflow: { id: workflowId.operation(operationId), taskQueue: TASK_QUEUE },
        });
        if (activated.outcome === 'unknown') throw new Problem('not_found');
        if (activated.outcome === 'incomplete') {
          throw new Problem('conflict', {
            detail: `The plan still lacks: ${activated.missing.join(', ')}.`,
            extra: { missing: activated.missing },
          });
        }
        if (activated.outcome === 'retired') throw new Problem('conflict', { detail: 'The plan is retired.' });
        if (activated.outcome === 'activated_before')
          throw new Problem('conflict', {
            detail: 'The plan has become an operation already; a drill can be made of it any time.',
          });
        await ports.engine.startNow([workflowId.operation(operationId)]);
        return reply.code(201).header('location', `/v1/operations/${operationId}`).send({ id: operationId });
      },
    });
  };
}

function readyOnlyIfWhole(status: 'draft' | 'ready', missing: readonly string[]): void {
  if (status === 'ready' && missing.length > 0) {
    throw new Problem('invalid_request', {
      errors: [{ pointer: '/status', code: 'not_ready', detail: `A plan that is ready has: ${missing.join(', ')}.` }],
    });
  }
}

function out(plan: PlanRow) {
  return {
    id: plan.id,
    name: plan.name,
    scenario: plan.scenario,
    status: plan.status,
    version: plan.version,
    created_by: plan.createdBy,
    created_at: plan.createdAt.toISOString(),
    missing: missingInPlan(plan.document),
    document: planOut(plan.document),
  };
}
