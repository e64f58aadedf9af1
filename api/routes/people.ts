import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { operationsFor } from '../../domain/access.ts';
import { STATUS_TABLE } from '../../domain/journeys/statuses.ts';
import { whomInWords } from '../../domain/messages/now.ts';
import { t } from '../../domain/messages/t.ts';
import { iso } from '../../domain/time.ts';
import { DEADLINE_NAMES } from '../casing.ts';
import { coreOut, linksShown, show } from '../disclosed.ts';
import { after, Paging, page, pageOf } from '../paging.ts';
import { scopeOf } from '../plugins/access.ts';
import { principalOfRequest } from '../plugins/authentication.ts';
import type { ApiPorts } from '../ports.ts';
import { Problem } from '../problems.ts';
import { EndingCode, id, idParams, maybe, Nationality, StatusCode } from '../schemas/common.ts';
import { Found, Household, ListedPerson } from '../schemas/people.ts';

const NOT_READY = ['registered', 'screened', 'consented', 'verified'];

/** The people of an operation: listed, found, by household. */
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
          'filter[status]': StatusCode.optional(),
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
          status: filters['filter[status]'],
          ending: filters['filter[ending]'],
          nationality: filters['filter[nationality]'],
          household: filters['filter[household]'],
          movement: filters['filter[movement]'],
          waitingFor: filters['filter[waiting_for]'],
          onHold: filters['filter[on_hold]'] === undefined ? undefined : filters['filter[on_hold]'] === 'true',
        };
        const rows = await ports.people.list(operationId, filter, limit, from);
        const { data, ...rest } = page(rows, limit, (row) => [row.journeyId]);
        const names = await ports.now.names(data.flatMap(({ waiting }) => (waiting ? [waiting.whom.id] : [])));
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
            return {
              id: row.personId,
              journey_id: row.journeyId,
              household_id: row.householdId,
              household_reference: row.reference,
              nationality: row.nationality,
              sex: row.sex,
              traveller: row.traveller,
              status: row.status,
              status_since: iso(row.statusSince),
              ending: row.ending,
              on_hold: row.onHold,
              movement_id: row.movementId,
              waiting: row.waiting && {
                kind: DEADLINE_NAMES.out(row.waiting.what),
                whom: whomInWords(row.waiting.whom, names),
                what: t(`what.${row.waiting.what}`),
                since: iso(row.waiting.since),
                due: maybe(row.waiting.due),
              },
              more: row.more,
              changed_at: iso(row.updatedAt),
              names: coreOut(shown?.cores.get(row.personId), ['names']).names,
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
        const principal = principalOfRequest(request);
        const mine = operationsFor(principal, 'people.search');
        if (operation !== undefined && mine !== 'all' && !mine.includes(operation)) throw new Problem('not_found');
        const among = operation === undefined ? mine : [operation];
        const { found, more } = await ports.searchPeople(text, principal, among);
        const links = await ports.duplicates.linksOf(found.map(({ personId }) => personId));
        return {
          data: found.map((hit) => ({
            id: hit.personId,
            operation_id: hit.operationId,
            household_reference: hit.reference,
            status: hit.status,
            match: hit.match,
            same_person_as: linksShown(request, links.get(hit.personId)),
            names: coreOut(hit.core, ['names']).names,
          })),
          more,
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
          status: member.status,
          milestone: STATUS_TABLE[member.status].milestone,
          ending: member.ending,
          on_hold: member.openHolds > 0,
          ready: !NOT_READY.includes(member.status) && !member.householdOpen,
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
