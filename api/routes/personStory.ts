import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { mayKnowHolds } from '../../domain/access.ts';
import { allowedCommands } from '../../domain/journey/commands.ts';
import { type Ending } from '../../domain/journey/stages.ts';
import { iso } from '../../domain/time.ts';
import { historyInWords, TOLD_MOVEMENT_FACTS, TOLD_OPERATION_FACTS } from '../../domain/words/history.ts';
import { nowInWords } from '../../domain/words/now.ts';
import { journeyOf } from '../plugins/access.ts';
import type { ApiPorts } from '../ports.ts';
import { Problem } from '../problems.ts';
import { idParams, maybe } from '../schemas/common.ts';
import { History, Now } from '../schemas/people.ts';
import { show } from '../shown.ts';

/** What happened to one person, and what they are waiting for now, in the words of the field. */
export function storyRoutes(ports: ApiPorts): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'GET',
      url: '/people/:id/history',
      config: { access: 'person.read', names: 'person' },
      schema: {
        tags: ['people'],
        summary: 'Who did what, when and why, in the field’s words, by chapter',
        params: idParams('person'),
        response: { 200: History },
      },
      handler: async (request) => {
        const { journeyId, operationId, roles } = journeyOf(request);
        const told = { movement: TOLD_MOVEMENT_FACTS, operation: TOLD_OPERATION_FACTS };
        const facts = await ports.history.facts(journeyId, operationId, told);
        const { names, attempts } = await ports.history.names(facts);
        const knows = mayKnowHolds(roles);
        const { groups } = await show(ports, request, [{ personId: request.params.id, journeyId }], {
          roles,
          groups: facts.some(({ noteId }) => noteId !== undefined) ? ['notes'] : [],
          purpose: 'history',
          at: await ports.operations.now(operationId, ports.clock()),
        });
        const noteIds = groups.includes('notes')
          ? facts.flatMap(({ noteId }) => (noteId === undefined ? [] : [noteId]))
          : [];
        const holdKinds = new Map(
          knows ? (await ports.holds.ofJourney(journeyId)).map((hold) => [hold.id, hold.type]) : [],
        );
        const chapters = historyInWords(facts, {
          names,
          attempts,
          notes: await ports.notes.read(noteIds, { restricted: knows }),
          holdKinds,
          mayKnowHolds: knows,
        });
        return {
          person_id: request.params.id,
          journey_id: journeyId,
          chapters: chapters.map(({ chapter, title, entries }) => ({
            chapter,
            title,
            entries: entries.map(({ at, noteWithheld, ...entry }) => ({
              ...entry,
              at: iso(at),
              ...(noteWithheld ? { note_withheld: noteWithheld } : {}),
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
        const [journey, state, waits, unitWaitsFor, suspended, at] = await Promise.all([
          ports.people.journey(journeyId),
          ports.now.state(journeyId),
          ports.now.waits(journeyId),
          ports.now.unitWaitsFor(journeyId),
          ports.now.isSuspended(journeyId),
          ports.operations.now(operationId, ports.clock()),
        ]);
        if (!journey) throw new Problem('not_found');
        const names = await ports.now.names(waits.map(({ whom }) => whom.id));
        const said = nowInWords({
          now: at,
          stage: journey.stage,
          ...(journey.ending === null ? {} : { ending: journey.ending as Ending, endedAt: journey.endedAt ?? at }),
          waits,
          names,
          suspended,
          unitWaitsFor,
          commands: state.seq === 0 ? [] : allowedCommands(state, roles, at),
        });
        return {
          person_id: journey.personId,
          journey_id: journeyId,
          operation_time: iso(at),
          stage: journey.stage,
          chapter: journey.chapter as z.output<typeof Now>['chapter'],
          sentence: said.sentence,
          waiting: said.waiting.map((wait) => ({
            key: wait.key,
            whom: wait.whom,
            what: wait.what,
            since: iso(wait.since),
            remind_at: maybe(wait.remindAt),
            due: maybe(wait.due),
            escalate_at: maybe(wait.escalateAt),
            blocks: wait.blocks,
            sentence: wait.sentence,
          })),
          more: said.more,
          can_do: said.canDo.map(({ command, sentence, reasonRequired }) => ({
            command,
            sentence,
            reason_required: reasonRequired,
          })),
        };
      },
    });
  };
}
