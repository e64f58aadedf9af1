import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { camelCaseFields, snakeCaseFields } from '../../domain/casing.ts';
import { MOVEMENT_COMMANDS, type MovementCommand } from '../../domain/movements/commands.ts';
import { type MovementAnswer as Answered, workflowId } from '../../workflows/messages.ts';
import { inAddress, MOVEMENT_COMMAND_NAMES } from '../casing.ts';
import { sendDecision } from '../commands.ts';
import { scopeOf } from '../plugins/access.ts';
import type { ApiPorts } from '../ports.ts';
import { idParams } from '../schemas/common.ts';
import { MOVEMENT_ARGS, MovementAnswer, movementCommandBody, Scans } from '../schemas/movements.ts';

/** What staff decide of a movement, and what is scanned at its gates. */
export function movementCommandRoutes(ports: ApiPorts): FastifyPluginAsyncZod {
  return async (app) => {
    for (const name of Object.keys(MOVEMENT_ARGS) as Array<Exclude<MovementCommand, 'applyScans'>>) {
      const rule = MOVEMENT_COMMANDS[name];
      const kind = MOVEMENT_COMMAND_NAMES.out(name);
      app.route({
        method: 'POST',
        url: `/movements/:id/commands/${inAddress(kind)}`,
        config: { access: name === 'recordArrival' ? 'movement.scan' : 'movement.command', names: 'movement' },
        schema: {
          tags: ['movements'],
          summary: rule.sentence,
          description: `For: ${rule.roles.join(', ')}.${rule.reason ? ' A reason_code is needed.' : ''}`,
          operationId: kind,
          params: idParams('movement'),
          body: movementCommandBody(MOVEMENT_ARGS[name]),
          response: { 200: MovementAnswer },
        },
        handler: async (request) => {
          const { id: movementId } = request.params;
          const { args, reason_code, note } = request.body as {
            args: Record<string, unknown>;
            reason_code?: string;
            note?: string;
          };
          const answer = await sendDecision<Answered>(ports, request, {
            workflowId: workflowId.movement(movementId),
            subject: movementId,
            name,
            rule,
            args: camelCaseFields(args),
            reasonCode: reason_code,
            note,
          });
          return { ...answer, detail: snakeCaseFields(answer.detail) };
        },
      });
    }

    app.route({
      method: 'POST',
      url: '/movements/:id/scans',
      config: { access: 'movement.scan', names: 'movement' },
      schema: {
        tags: ['movements'],
        summary: MOVEMENT_COMMANDS.applyScans.sentence,
        operationId: MOVEMENT_COMMAND_NAMES.out('applyScans'),
        params: idParams('movement'),
        body: Scans,
        response: {
          200: MovementAnswer.extend({
            unknown: z.array(z.string()).meta({ description: 'scans of people who are not in this operation' }),
          }),
        },
      },
      handler: async (request) => {
        const { operationId } = scopeOf(request);
        const { id: movementId } = request.params;
        const { scans } = request.body;
        const [journeys, now] = await Promise.all([
          ports.movements.journeysOf(
            operationId,
            scans.map(({ person_id }) => person_id),
          ),
          ports.operations.now(operationId, ports.clock()),
        ]);
        const known = scans.flatMap((scan) => {
          const journeyId = journeys.get(scan.person_id);
          if (journeyId === undefined) return [];
          return [
            {
              scanId: scan.scan_id,
              journeyId,
              kind: scan.kind,
              at: scan.at ?? now,
              ...(scan.reason_code ? { reasonCode: scan.reason_code } : {}),
            },
          ];
        });
        const unknown = scans.filter(({ person_id }) => !journeys.has(person_id)).map(({ scan_id }) => scan_id);
        const answer = await sendDecision<Answered>(ports, request, {
          workflowId: workflowId.movement(movementId),
          subject: movementId,
          name: 'applyScans',
          rule: MOVEMENT_COMMANDS.applyScans,
          args: { scans: known },
          reasonCode: undefined,
          note: undefined,
        });
        return { ...answer, detail: snakeCaseFields(answer.detail), unknown };
      },
    });
  };
}
