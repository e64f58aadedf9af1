import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { DOTS } from '../../domain/journey/stages.ts';
import { iso } from '../../domain/time.ts';
import { situationInWords } from '../../domain/words/situation.ts';
import { scopeOf } from '../plugins/access.ts';
import type { ApiPorts } from '../ports.ts';
import { At, idParams, StageCode } from '../schemas/common.ts';

const Situation = z.object({
  operation_time: At,
  sentence: z.string(),
  numbers: z.object({
    people: z.number(),
    safe: z.number(),
    moving: z.number(),
    waiting: z.number(),
    ended_otherwise: z.number(),
  }),
  stages: z.array(z.object({ stage: StageCode, people: z.number() })),
  dots: z.array(z.object({ dot: z.enum(DOTS), people: z.number() })),
  longest_waits: z.array(
    z.object({
      whom: z.string(),
      whom_id: z.string(),
      what: z.string(),
      waiting: z.number(),
      past_due: z.number(),
      oldest_since: At,
      seconds: z.number().meta({ description: 'of operation time' }),
    }),
  ),
  decisions: z.array(z.object({ role: z.string(), kind: z.string(), count: z.number() })),
  lateness: z.object({
    worst_seconds: z
      .number()
      .meta({ description: 'how late, in real time, the latest reminder or deadline was acted on' }),
    rungs: z.number(),
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
        const facts = await ports.situation.facts(operationId, now);
        const said = situationInWords(facts);
        const { endedOtherwise, ...numbers } = said.numbers;
        return {
          operation_time: iso(now),
          sentence: said.sentence,
          numbers: { ...numbers, ended_otherwise: endedOtherwise },
          stages: said.stages,
          dots: said.dots,
          longest_waits: said.longestWaits.map((wait) => ({
            whom: wait.whom,
            whom_id: wait.whomId,
            what: wait.what,
            waiting: wait.waiting,
            past_due: wait.pastDue,
            oldest_since: iso(wait.oldestSince),
            seconds: wait.seconds,
          })),
          decisions: said.decisions,
          lateness: { worst_seconds: facts.lateness.worstSeconds, rungs: facts.lateness.rungs },
        };
      },
    });
  };
}
