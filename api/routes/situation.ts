import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ROLES } from '../../domain/actor.ts';
import { MILESTONES } from '../../domain/journeys/statuses.ts';
import { situationInWords } from '../../domain/messages/situation.ts';
import { iso, isoDuration, SECOND } from '../../domain/time.ts';
import { DEADLINE_NAMES, TASK_KINDS, taskKindOut } from '../casing.ts';
import { scopeOf } from '../plugins/access.ts';
import type { ApiPorts } from '../ports.ts';
import { At, idParams, Length, StatusCode } from '../schemas/common.ts';
import { WaitKind } from '../schemas/people.ts';

const Situation = z.object({
  operation_time: At,
  sentence: z.string(),
  numbers: z.object({
    people: z.number(),
    safe: z.number(),
    moving: z.number(),
    waiting: z.number(),
    missing: z.number().meta({ description: 'contact lost, or not reached at the last follow-up' }),
    deceased: z.number(),
    ended_without_travel: z.number(),
  }),
  statuses: z.array(z.object({ status: StatusCode, people: z.number() })),
  milestones: z.array(z.object({ milestone: z.enum(MILESTONES), people: z.number() })),
  longest_waits: z.array(
    z.object({
      kind: WaitKind,
      whom: z.string(),
      whom_id: z.string(),
      what: z.string(),
      waiting: z.number(),
      overdue: z.number(),
      oldest_since: At,
      length: Length.meta({ description: 'how long, in operation time' }),
    }),
  ),
  decisions: z.array(z.object({ role: z.enum(ROLES), kind: z.enum(TASK_KINDS), count: z.number() })),
  lateness: z.object({
    worst: Length.meta({ description: 'how late, in real time, the latest reminder or deadline was acted on' }),
    escalation_steps: z.number(),
  }),
});

export function situationRoutes(ports: ApiPorts): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'GET',
      url: '/operations/:id/situation',
      config: { access: 'situation.read', names: 'operation' },
      schema: {
        tags: ['operations'],
        summary: 'What a supervisor sees in five seconds',
        params: idParams('operation'),
        response: { 200: Situation },
      },
      handler: async (request) => {
        const { operationId } = scopeOf(request);
        const now = await ports.operations.now(operationId, ports.clock());
        const input = await ports.situation.input(operationId, now);
        const situation = situationInWords(input);
        const { endedWithoutTravel, ...numbers } = situation.numbers;
        return {
          operation_time: iso(now),
          sentence: situation.sentence,
          numbers: { ...numbers, ended_without_travel: endedWithoutTravel },
          statuses: situation.statuses,
          milestones: situation.milestones,
          longest_waits: situation.longestWaits.map((wait) => ({
            kind: DEADLINE_NAMES.out(wait.kind),
            whom: wait.whom,
            whom_id: wait.whomId,
            what: wait.what,
            waiting: wait.waiting,
            overdue: wait.overdue,
            oldest_since: iso(wait.oldestSince),
            length: isoDuration(wait.length),
          })),
          decisions: situation.decisions.map((decision) => ({ ...decision, kind: taskKindOut(decision.kind) })),
          lateness: {
            worst: isoDuration(input.lateness.worstSeconds * SECOND),
            escalation_steps: input.lateness.escalationSteps,
          },
        };
      },
    });
  };
}
