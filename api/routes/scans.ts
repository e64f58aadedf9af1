import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { t } from '../../domain/messages/t.ts';
import { MOVEMENT_COMMANDS } from '../../domain/movements/commands/index.ts';
import { MOVEMENT_COMMAND_NAMES } from '../casing.ts';
import { giveToMovement } from '../commands.ts';
import { scopeOf } from '../plugins/access.ts';
import type { ApiPorts } from '../ports.ts';
import { idParams } from '../schemas/common.ts';
import { MovementAnswer, Scans } from '../schemas/movements.ts';

const { applyScans } = MOVEMENT_COMMANDS.byName;
const Answer = MovementAnswer.extend({
  unknown: z.array(z.string()).meta({ description: 'scans of people who are not in this operation' }),
});

/** What is scanned at the gates of a movement. Scanners name people, the movement knows journeys. */
export function scanRoutes(ports: ApiPorts): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'POST',
      url: '/movements/:id/scans',
      config: { access: 'movement.scan', names: 'movement' },
      schema: {
        tags: ['movements'],
        summary: t(applyScans.sentence),
        operationId: MOVEMENT_COMMAND_NAMES.out('applyScans'),
        params: idParams('movement'),
        body: Scans,
        response: { 200: Answer },
      },
      handler: async (request) => {
        const { operationId } = scopeOf(request);
        const { scans } = request.body;
        const [journeys, now] = await Promise.all([
          ports.movements.journeysOf(
            operationId,
            scans.map(({ person_id }) => person_id),
          ),
          ports.operations.now(operationId, ports.clock()),
        ]);
        const known = scans.flatMap(({ scan_id: scanId, person_id, kind, at = now, reason_code: reasonCode }) => {
          const journeyId = journeys.get(person_id);
          return journeyId === undefined
            ? []
            : [{ scanId, journeyId, kind, at, ...(reasonCode ? { reasonCode } : {}) }];
        });
        const unknown = scans.filter(({ person_id }) => !journeys.has(person_id)).map(({ scan_id }) => scan_id);
        const answer = await giveToMovement(ports, request, { command: applyScans, args: { scans: known } });
        return { ...answer, unknown };
      },
    });
  };
}
