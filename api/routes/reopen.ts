import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { reopenerOf } from '../../application/journeys/reopen.ts';
import { refusedCommand } from '../failures.ts';
import { journeyOf } from '../plugins/access.ts';
import { principalOfRequest } from '../plugins/authentication.ts';
import { commandIdOf } from '../plugins/idempotency.ts';
import type { ApiPorts } from '../ports.ts';
import { Problem } from '../problems.ts';
import { commandBody, idParams, StatusCode } from '../schemas/common.ts';

const Reopened = z.object({ seq: z.number().int(), status: StatusCode }).meta({ id: 'Reopened' });
const Asked = z.object({ approvals: z.literal(1), detail: z.string() }).meta({ id: 'ReopeningAsked' });

/** A journey that was ended by mistake goes on. Its workflow is over, so this is no command of the journey. */
export function reopenRoutes(ports: ApiPorts): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'POST',
      url: '/people/:id/reopenings',
      config: { access: 'person.reopen', names: 'person' },
      schema: {
        tags: ['people'],
        summary: 'Reopen a journey that was ended by mistake: one person asks, a second one approves',
        description: 'The first person is answered 202. Open holds stay. A reason_code is needed.',
        operationId: 'reopen_journey',
        params: idParams('person'),
        body: commandBody(z.strictObject({})),
        response: { 200: Reopened, 202: Asked },
      },
      handler: async (request, reply) => {
        const { journeyId, operationId, roles } = journeyOf(request);
        const { reason_code: reasonCode, note } = request.body;
        if (reasonCode === undefined)
          throw new Problem('invalid_request', {
            errors: [{ pointer: '/reason_code', code: 'required', detail: 'A reason must be given.' }],
          });
        const { sub: by } = principalOfRequest(request);
        const role = reopenerOf(roles);
        if (role === undefined) throw new Problem('not_allowed');
        const commandId = commandIdOf(request);
        const noteId = note === undefined ? undefined : ports.ids.derived('note', commandId);
        if (noteId !== undefined && note !== undefined) {
          const { id: personId } = request.params;
          await ports.notes.write({
            id: noteId,
            subject: journeyId,
            personId,
            author: by,
            restricted: false,
            text: note,
          });
        }
        const at = await ports.operations.now(operationId, ports.clock());
        const done = await ports.reopenJourney({ journeyId, operationId, commandId, by, role, reasonCode, noteId, at });
        if (done.outcome === 'refused') throw refusedCommand({ reason: done.reason, allowed: [] });
        if (done.outcome === 'first_approval') {
          reply.code(202);
          return { approvals: 1 as const, detail: done.detail };
        }
        return { seq: done.seq, status: done.status };
      },
    });
  };
}
