import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { JOURNEY_COMMANDS } from '../../domain/journeys/commands/index.ts';
import { iso } from '../../domain/time.ts';
import { DEADLINE_NAMES, eventOut, JOURNEY_COMMAND_NAMES, PHASE_NAMES } from '../casing.ts';
import { canDoOf } from '../commands.ts';
import { journeyOf } from '../plugins/access.ts';
import { principalOfRequest } from '../plugins/authentication.ts';
import type { ApiPorts } from '../ports.ts';
import { Problem } from '../problems.ts';
import { idParams, maybe } from '../schemas/common.ts';
import { History, Now } from '../schemas/people.ts';

/** What happened to one person, and what they are waiting for now, in the words of the field. */
export function storyRoutes(ports: ApiPorts): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'GET',
      url: '/people/:id/history',
      config: { access: 'person.read', names: 'person' },
      schema: {
        tags: ['people'],
        summary: 'Who did what, when and why, in the field’s words, by phase',
        params: idParams('person'),
        response: { 200: History },
      },
      handler: async (request) => {
        const { journeyId, operationId, roles } = journeyOf(request);
        const { id: personId } = request.params;
        const phases = await ports.readHistory(
          { personId, journeyId, operationId },
          {
            principal: principalOfRequest(request).sub,
            roles,
            at: await ports.operations.now(operationId, ports.clock()),
          },
        );
        return {
          person_id: personId,
          journey_id: journeyId,
          phases: phases.map(({ phase, title, entries }) => ({
            phase: PHASE_NAMES.out(phase),
            title,
            entries: entries.map(({ at, event, noteRedacted, ...entry }) => ({
              ...entry,
              at: iso(at),
              event: eventOut(event),
              ...(noteRedacted ? { note_redacted: noteRedacted } : {}),
            })),
          })),
        };
      },
    });

    app.route({
      method: 'GET',
      url: '/people/:id/now',
      config: { access: 'person.read', names: 'person' },
      schema: {
        tags: ['people'],
        summary: 'One sentence: waiting for whom, since when, then what, and what you can do',
        params: idParams('person'),
        response: { 200: Now },
      },
      handler: async (request) => {
        const { journeyId, operationId, roles } = journeyOf(request);
        const at = await ports.operations.now(operationId, ports.clock());
        const now = await ports.readNow(journeyId, roles, at);
        if (!now) throw new Problem('not_found');
        const { journey } = now;
        return {
          person_id: journey.personId,
          journey_id: journeyId,
          operation_time: iso(at),
          status: journey.status,
          phase: PHASE_NAMES.out(journey.phase),
          sentence: now.sentence,
          waiting: now.waiting.map((wait) => ({
            kind: DEADLINE_NAMES.out(wait.kind),
            whom: wait.whom,
            what: wait.what,
            since: iso(wait.since),
            remind_at: maybe(wait.remindAt),
            due: maybe(wait.due),
            escalate_at: maybe(wait.escalateAt),
            blocks: wait.blocks,
            sentence: wait.sentence,
          })),
          more: now.more,
          waits_for_members: now.waitsForMembers,
          proposed_ending: now.proposedEnding && {
            ending: now.proposedEnding.ending,
            by: now.proposedEnding.by,
            at: iso(now.proposedEnding.at),
            authority: now.proposedEnding.authority ?? null,
            partner_id: now.proposedEnding.partnerId ?? null,
          },
          can_do: canDoOf(JOURNEY_COMMANDS, JOURNEY_COMMAND_NAMES, now.commands),
        };
      },
    });
  };
}
