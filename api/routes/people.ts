import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { FIELD_GROUPS, mayKnowHolds, operationsOf } from '../../domain/access.ts';
import { allowedCommands } from '../../domain/journey/commands.ts';
import { type Ending, STAGE_TABLE } from '../../domain/journey/stages.ts';
import { RECORDED_SERVICES } from '../../domain/services.ts';
import { iso } from '../../domain/time.ts';
import { historyInWords, TOLD_MOVEMENT_FACTS, TOLD_OPERATION_FACTS } from '../../domain/words/history.ts';
import { nowInWords, whomInWords } from '../../domain/words/now.ts';
import { say } from '../../domain/words/say.ts';
import { after, Paging, page, pageOf } from '../paging.ts';
import { journeyOf, scopeOf } from '../plugins/access.ts';
import { principalOfRequest } from '../plugins/authentication.ts';
import { commandIdOf } from '../plugins/idempotency.ts';
import type { ApiPorts } from '../ports.ts';
import { Problem } from '../problems.ts';
import { EndingCode, id, idParams, maybe, Nationality, StageCode } from '../schemas/common.ts';
import { Disclosure, Found, History, Household, ListedPerson, Now, Person } from '../schemas/people.ts';
import { linksShown, searchPeople } from '../searching.ts';
import { coreOut, flagsOut, show } from '../shown.ts';
import { withEtag } from '../versions.ts';

const NOT_READY = ['REGISTERED', 'SCREENED', 'CONSENTED', 'VERIFIED'];
const ServiceKind = z.enum(Object.keys(RECORDED_SERVICES) as Array<keyof typeof RECORDED_SERVICES>);

export function peopleRoutes(ports: ApiPorts): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'GET',
      url: '/operations/:id/people',
      config: { access: 'people.list', names: 'operation' },
      schema: {
        tags: ['people'],
        summary: 'People of an operation, each with the earliest due that blocks',
        params: idParams('operation'),
        querystring: z.strictObject({
          ...Paging,
          'filter[stage]': StageCode.optional(),
          'filter[ending]': EndingCode.optional(),
          'filter[nationality]': Nationality.optional(),
          'filter[household]': id('household').optional(),
          'filter[movement]': id('movement').optional(),
          'filter[waiting_for]': z
            .string()
            .regex(/^[a-z_0-9]{1,64}$/)
            .optional()
            .meta({ description: 'a role, or the id of a partner' }),
          'filter[on_hold]': z.enum(['true', 'false']).optional(),
          include: z
            .enum(['names'])
            .optional()
            .meta({ description: 'names: where your roles may see them; each look is in the ledger' }),
        }),
        response: { 200: pageOf(ListedPerson) },
      },
      handler: async (request) => {
        const { operationId, roles } = scopeOf(request);
        const { limit, cursor, include, ...filters } = request.query;
        const [from] = after(cursor, ['string']) ?? [];
        const filter = {
          stage: filters['filter[stage]'],
          ending: filters['filter[ending]'],
          nationality: filters['filter[nationality]'],
          household: filters['filter[household]'],
          movement: filters['filter[movement]'],
          waitingFor: filters['filter[waiting_for]'],
          onHold: filters['filter[on_hold]'] === undefined ? undefined : filters['filter[on_hold]'] === 'true',
        };
        const rows = await ports.people.list(operationId, filter, limit, from);
        const { data, ...rest } = page(rows, limit, (row) => [row.journeyId]);
        const names = await ports.now.names(data.flatMap(({ waiting }) => (waiting ? [waiting.whom] : [])));
        const shown = include
          ? await show(ports, request, data, {
              roles,
              groups: ['names'],
              purpose: 'list',
              at: await ports.operations.now(operationId, ports.clock()),
            })
          : undefined;
        return {
          data: data.map((row) => {
            const core = shown?.cores.get(row.personId);
            return {
              id: row.personId,
              journey_id: row.journeyId,
              household_id: row.householdId,
              household_reference: row.reference,
              nationality: row.nationality,
              sex: row.sex,
              traveller: row.traveller,
              stage: row.stage,
              stage_since: iso(row.stageSince),
              ending: row.ending as Ending | null,
              on_hold: row.onHold,
              movement_id: row.movementId,
              waiting: row.waiting && {
                whom: whomInWords(
                  { kind: row.waiting.whomKind, id: row.waiting.whom } as Parameters<typeof whomInWords>[0],
                  names,
                ),
                what: say(`what.${row.waiting.what}` as Parameters<typeof say>[0]),
                since: iso(row.waiting.since),
                due: maybe(row.waiting.due),
              },
              more: row.more,
              changed_at: iso(row.updatedAt),
              ...(core ? { names: { given: core.givenNames, family: core.familyName } } : {}),
            };
          }),
          ...rest,
        };
      },
    });

    app.route({
      method: 'POST',
      url: '/people/search',
      config: { access: 'people.search', once: 'reads' },
      schema: {
        tags: ['people'],
        summary:
          'Look for people by name in any script, document or telephone number; needs no Idempotency-Key, changes nothing',
        body: z.strictObject({ text: z.string().trim().min(2).max(200), operation: id('operation').optional() }),
        response: { 200: Found },
      },
      handler: async (request) => {
        const { text, operation } = request.body;
        const mine = operationsOf(principalOfRequest(request));
        if (operation !== undefined && mine !== 'all' && !mine.includes(operation)) throw new Problem('not_found');
        return searchPeople(ports, request, text, operation === undefined ? mine : [operation]);
      },
    });

    app.route({
      method: 'GET',
      url: '/people/:id',
      config: { access: 'person.read', names: 'person' },
      schema: {
        tags: ['people'],
        summary: 'A person, with what your roles may see; the look is in the ledger',
        params: idParams('person'),
        response: { 200: Person },
      },
      handler: async (request, reply) => {
        const { journeyId, operationId, roles } = journeyOf(request);
        const [journey, holds, links, at] = await Promise.all([
          ports.people.journey(journeyId),
          ports.holds.ofJourney(journeyId),
          ports.duplicates.linksOf([request.params.id]),
          ports.operations.now(operationId, ports.clock()),
        ]);
        if (!journey) throw new Problem('not_found');
        const { groups, cores } = await show(ports, request, [journey], {
          roles,
          groups: FIELD_GROUPS,
          purpose: 'case',
          at,
        });
        const knows = mayKnowHolds(roles);
        const open = holds.filter(({ status }) => status === 'raising' || status === 'active');
        const reasons = knows
          ? await ports.notes.read(
              open.flatMap(({ noteId }) => (noteId === null ? [] : [noteId])),
              { restricted: true },
            )
          : new Map<string, string>();
        withEtag(reply, journey.seq);
        return {
          id: journey.personId,
          operation_id: journey.operationId,
          journey_id: journey.journeyId,
          household_id: journey.householdId,
          household_reference: journey.reference,
          relationship: journey.relationship,
          is_head: journey.isHead,
          nationality: journey.nationality,
          sex: journey.sex,
          traveller: journey.traveller,
          registered_at: iso(journey.registeredAt),
          stage: journey.stage,
          stage_since: iso(journey.stageSince),
          chapter: journey.chapter as z.output<typeof Person>['chapter'],
          dot: STAGE_TABLE[journey.stage].dot,
          ending: journey.ending as Ending | null,
          ended_at: maybe(journey.endedAt),
          consent: { status: journey.consent, sharing: journey.consentSharing },
          holds: open.map((hold) => {
            const reason = hold.noteId === null ? undefined : reasons.get(hold.noteId);
            return {
              id: hold.id,
              status: 'open',
              since: iso(hold.raisedAt),
              ...(knows
                ? {
                    type: hold.type,
                    approvals: hold.firstApprovalBy === null ? 0 : 1,
                    ...(reason === undefined ? {} : { reason }),
                  }
                : {}),
            };
          }),
          nationality_status: journey.nationalityStatus,
          document: { status: journey.document, valid_until: maybe(journey.documentValidUntil) },
          exit_permit: journey.exitPermit,
          fitness: {
            status: journey.fitness,
            until: maybe(journey.fitnessUntil),
            conditions: journey.fitnessConditions,
          },
          travel: {
            status: journey.travel,
            next_stage: journey.travelStage,
            movement_id: journey.movementId,
            movement_reference: journey.movementReference,
            route: journey.route,
          },
          arrived_at: maybe(journey.arrivedAt),
          same_person_as: linksShown(request, links.get(journey.personId)),
          ...coreOut(cores.get(journey.personId), groups),
          ...flagsOut(journey.protection, groups),
        };
      },
    });

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

    app.route({
      method: 'POST',
      url: '/people/:id/services',
      config: { access: 'person.serve', names: 'person' },
      schema: {
        tags: ['people'],
        summary: 'Record a service given beside the journey; it counts for its sector',
        params: idParams('person'),
        body: z.strictObject({ kind: ServiceKind, quantity: z.number().int().min(1).max(100).default(1) }),
        response: { 201: z.object({ ids: z.array(z.string()), sector: z.string() }) },
      },
      handler: async (request, reply) => {
        const { journeyId, operationId } = journeyOf(request);
        const { kind, quantity } = request.body;
        const sector = RECORDED_SERVICES[kind];
        const at = await ports.operations.now(operationId, ports.clock());
        const ids = Array.from({ length: quantity }, (_, n) => ports.ids.derived('service', commandIdOf(request), n));
        for (const serviceId of ids) {
          await ports.people.recordService({
            id: serviceId,
            operationId,
            personId: request.params.id,
            subject: journeyId,
            sector,
            kind,
            at,
          });
        }
        return reply.code(201).send({ ids, sector });
      },
    });

    app.route({
      method: 'GET',
      url: '/people/:id/disclosures',
      config: { access: 'person.disclosures', names: 'person' },
      schema: {
        tags: ['people'],
        summary: 'Who was told or shown what about this person, newest first',
        params: idParams('person'),
        querystring: z.strictObject(Paging),
        response: { 200: pageOf(Disclosure) },
      },
      handler: async (request) => {
        const { limit, cursor } = request.query;
        const [from] = after(cursor, ['string']) ?? [];
        const { data, ...rest } = page(await ports.people.disclosures(request.params.id, limit, from), limit, (row) => [
          row.id,
        ]);
        return {
          data: data.map((row) => ({
            id: row.id,
            kind: row.kind as 'sent' | 'shown',
            partner_id: row.partnerId,
            partner: row.partner,
            principal: row.principal,
            purpose: row.purpose,
            fields: row.fields,
            consent_version: row.consentVersion,
            agreement_id: row.agreementId,
            at: iso(row.at),
            recorded_at: iso(row.recordedAt),
          })),
          ...rest,
        };
      },
    });

    app.route({
      method: 'GET',
      url: '/households/:id',
      config: { access: 'person.read', names: 'household' },
      schema: {
        tags: ['people'],
        summary: 'A household, its members side by side',
        params: idParams('household'),
        response: { 200: Household },
      },
      handler: async (request) => {
        const household = await ports.people.household(request.params.id);
        if (!household) throw new Problem('not_found');
        const members = household.members.map((member) => ({
          person_id: member.personId,
          journey_id: member.journeyId,
          relationship: member.relationship,
          is_head: member.isHead,
          nationality: member.nationality,
          traveller: member.traveller,
          stage: member.stage,
          dot: STAGE_TABLE[member.stage].dot,
          ending: member.ending as Ending | null,
          on_hold: member.openHolds > 0,
          ready: !NOT_READY.includes(member.stage) && !member.householdOpen,
        }));
        const open = members.filter(({ ending }) => ending === null);
        return {
          id: household.id,
          reference: household.reference,
          site: household.site,
          priority: household.priority,
          requested_at: iso(household.requestedAt),
          members,
          ready: open.length > 0 && open.every(({ ready }) => ready),
        };
      },
    });
  };
}
