import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { mayKnowHolds } from '../../domain/access.ts';
import { JOURNEY_COMMANDS } from '../../domain/journeys/commands/index.ts';
import { HISTORY_MOVEMENT_EVENTS, HISTORY_OPERATION_EVENTS, historyInWords } from '../../domain/messages/history.ts';
import { nowInWords } from '../../domain/messages/now.ts';
import { iso } from '../../domain/time.ts';
import { DEADLINE_NAMES, eventOut, JOURNEY_COMMAND_NAMES, PHASE_NAMES } from '../casing.ts';
import { canDoOf } from '../commands.ts';
import { show } from '../disclosed.ts';
import { journeyOf } from '../plugins/access.ts';
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
        const wanted = { movement: HISTORY_MOVEMENT_EVENTS, operation: HISTORY_OPERATION_EVENTS };
        const events = await ports.history.events(journeyId, operationId, wanted);
        const { names, attempts } = await ports.history.names(events);
        const knows = mayKnowHolds(roles);
        const { groups } = await show(ports, request, [{ personId: request.params.id, journeyId }], {
          roles,
          groups: events.some(({ noteId }) => noteId !== undefined) ? ['notes'] : [],
          purpose: 'history',
          at: await ports.operations.now(operationId, ports.clock()),
        });
        const noteIds = groups.includes('notes')
          ? events.flatMap(({ noteId }) => (noteId === undefined ? [] : [noteId]))
          : [];
        const holdKinds = new Map(
          knows ? (await ports.holds.ofJourney(journeyId)).map((hold) => [hold.id, hold.type]) : [],
        );
        const phases = historyInWords(events, {
          names,
          attempts,
          notes: await ports.notes.read(noteIds, { restricted: knows }),
          holdKinds,
          mayKnowHolds: knows,
        });
        return {
          person_id: request.params.id,
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
        const [journey, state, waits, groupWaitsFor, suspended, at] = await Promise.all([
          ports.people.journey(journeyId),
          ports.now.state(journeyId),
          ports.now.waits(journeyId),
          ports.now.groupWaitsFor(journeyId),
          ports.now.isSuspended(journeyId),
          ports.operations.now(operationId, ports.clock()),
        ]);
        if (!journey) throw new Problem('not_found');
        const names = await ports.now.names(waits.map(({ whom }) => whom.id));
        const now = nowInWords({
          now: at,
          status: journey.status,
          ...(journey.ending === null ? {} : { ending: journey.ending, endedAt: journey.endedAt ?? at }),
          waits,
          names,
          suspended,
          groupWaitsFor,
        });
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
          can_do: canDoOf(
            JOURNEY_COMMANDS,
            JOURNEY_COMMAND_NAMES,
            state.seq === 0 ? [] : JOURNEY_COMMANDS.allowed(state, roles, at),
          ),
        };
      },
    });
  };
}
