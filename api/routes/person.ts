import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { STATUS_TABLE } from '../../domain/journeys/statuses.ts';
import { RECORDED_SERVICES } from '../../domain/services.ts';
import { iso, isoDay } from '../../domain/time.ts';
import { PHASE_NAMES } from '../casing.ts';
import { coreOut, flagsOut, journeyOut, linksShown } from '../disclosed.ts';
import { after, Paging, page, pageOf } from '../paging.ts';
import { journeyOf } from '../plugins/access.ts';
import { principalOfRequest } from '../plugins/authentication.ts';
import { commandIdOf } from '../plugins/idempotency.ts';
import type { ApiPorts } from '../ports.ts';
import { Problem } from '../problems.ts';
import { idParams, maybe } from '../schemas/common.ts';
import { Disclosure, Person } from '../schemas/people.ts';
import { withEtag } from '../versions.ts';

const ServiceKind = z.enum(Object.keys(RECORDED_SERVICES) as Array<keyof typeof RECORDED_SERVICES>);

/** One person: how they stand, what was given to them, who was shown or sent what. */
export function personRoutes(ports: ApiPorts): FastifyPluginAsyncZod {
  return async (app) => {
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
        const [at, links] = await Promise.all([
          ports.operations.now(operationId, ports.clock()),
          ports.duplicates.linksOf([request.params.id]),
        ]);
        const { sub: principal } = principalOfRequest(request);
        const person = await ports.readPerson(journeyId, { principal, roles, at });
        if (!person) throw new Problem('not_found');
        const { journey, groups, core, holds } = person;
        withEtag(reply, journey.seq);
        return {
          ...journeyOut(journey),
          status_since: iso(journey.statusSince),
          phase: PHASE_NAMES.out(journey.phase),
          milestone: STATUS_TABLE[journey.status].milestone,
          ending: journey.ending,
          ended_at: maybe(journey.endedAt),
          consent: { status: journey.consent, sharing: journey.consentSharing },
          holds: holds.map(({ id, since, known }) => ({ id, status: 'open' as const, since: iso(since), ...known })),
          nationality_status: journey.nationalityStatus,
          document: {
            status: journey.document,
            valid_until: journey.documentValidUntil === null ? null : isoDay(journey.documentValidUntil),
          },
          exit_permit: journey.exitPermit,
          fitness: {
            status: journey.fitness,
            until: maybe(journey.fitnessUntil),
            conditions: journey.fitnessConditions,
          },
          travel: {
            status: journey.travel,
            next_leg: journey.nextLeg,
            movement_id: journey.movementId,
            movement_reference: journey.movementReference,
            route: journey.route,
          },
          arrived_at: maybe(journey.arrivedAt),
          same_person_as: linksShown(request, links.get(journey.personId)),
          ...coreOut(core, groups),
          ...flagsOut(journey.protection, groups),
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
        const { operationId } = journeyOf(request);
        const { kind, quantity } = request.body;
        const sector = RECORDED_SERVICES[kind];
        const at = await ports.operations.now(operationId, ports.clock());
        const ids = Array.from({ length: quantity }, (_, n) => ports.ids.derived('service', commandIdOf(request), n));
        for (const serviceId of ids) {
          await ports.people.recordService({
            id: serviceId,
            operationId,
            personId: request.params.id,
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
        summary: 'Who received or saw which data of this person, newest first',
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
            kind: row.kind,
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
  };
}
