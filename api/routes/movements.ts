import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Movement as MovementFields } from '../../application/movements/reads.ts';
import { snakeCase } from '../../domain/casing.ts';
import { MOVEMENT_COMMANDS } from '../../domain/movements/commands/index.ts';
import type { Capacity } from '../../domain/movements/events.ts';
import { MOVEMENT } from '../../domain/movements/state.ts';
import { iso } from '../../domain/time.ts';
import { workflowId } from '../../workflows/messages.ts';
import { MOVEMENT_COMMAND_NAMES } from '../casing.ts';
import { canDoOf } from '../commands.ts';
import { after, Paging, page, pageOf } from '../paging.ts';
import { scopeOf } from '../plugins/access.ts';
import { principalOfRequest } from '../plugins/authentication.ts';
import { originOf } from '../plugins/idempotency.ts';
import type { ApiPorts } from '../ports.ts';
import { Problem } from '../problems.ts';
import { Code, id, idParams, maybe } from '../schemas/common.ts';
import { Manifest, Movement, MovementDetail, NewMovement, Refusal, Status } from '../schemas/movements.ts';
import { withEtag } from '../versions.ts';

export function movementRoutes(ports: ApiPorts): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'POST',
      url: '/operations/:id/movements',
      config: { access: 'movement.plan', names: 'operation' },
      schema: {
        tags: ['movements'],
        summary: 'Plan a flight, ship, bus or convoy',
        params: idParams('operation'),
        body: NewMovement,
        response: { 201: z.object({ id: id('movement') }) },
      },
      handler: async (request, reply) => {
        const movementId = ports.ids.derived('movement', ...originOf(request));
        const planned = await ports.movements.plan(movementId, scopeOf(request).operationId, planOf(request.body));
        if (typeof planned === 'object') {
          const errors = planned.wrong.map(({ path, ...why }) => ({ pointer: pointerOf(path), ...why }));
          throw new Problem('invalid_request', { errors });
        }
        if (planned === 'taken')
          throw new Problem('conflict', { detail: 'Another movement of this operation has this reference.' });
        await ports.engine.startNow([workflowId.movement(movementId)]);
        return reply.code(201).header('location', `/v1/movements/${movementId}`).send({ id: movementId });
      },
    });

    app.route({
      method: 'GET',
      url: '/operations/:id/movements',
      config: { access: 'movement.read', names: 'operation' },
      schema: {
        tags: ['movements'],
        summary: 'Movements of an operation, by departure',
        params: idParams('operation'),
        querystring: z.strictObject({
          ...Paging,
          'filter[status]': Status.optional(),
          'filter[leg]': Code.optional(),
        }),
        response: { 200: pageOf(Movement) },
      },
      handler: async (request) => {
        const { limit, cursor, 'filter[status]': status, 'filter[leg]': leg } = request.query;
        const from = after(cursor, ['number', 'string']);
        const rows = await ports.movements.list(scopeOf(request).operationId, { status, leg }, limit, from);
        const { data, ...rest } = page(rows, limit, (row) => [row.departsAt, row.id]);
        return { data: data.map(movementOut), ...rest };
      },
    });

    app.route({
      method: 'GET',
      url: '/movements/:id',
      config: { access: 'movement.read', names: 'movement' },
      schema: {
        tags: ['movements'],
        summary: 'A movement, and what one can do about it',
        params: idParams('movement'),
        response: { 200: MovementDetail },
      },
      handler: async (request, reply) => {
        const { roles } = scopeOf(request);
        const movement = await ports.movements.read(request.params.id);
        if (!movement) throw new Problem('not_found');
        const state = (await ports.movements.events(movement.id)).reduce(MOVEMENT.evolve, MOVEMENT.empty());
        const allowed = MOVEMENT_COMMANDS.allowed(state, roles, ports.clock());
        withEtag(reply, movement.seq);
        return {
          ...movementOut(movement),
          stops: movement.stops.map((stop) => ({
            from: stop.from,
            to: stop.to,
            departs_at: stop.departsAt,
            arrives_at: stop.arrivesAt,
          })),
          time_zones: movement.timeZones,
          time_zone_table: movement.timeZoneTable,
          leave_at: movement.leaveAt,
          clearances: movement.clearances.map((c) => ({ ...c, at: maybe(c.at) })),
          people: movement.people,
          can_do: canDoOf(MOVEMENT_COMMANDS, MOVEMENT_COMMAND_NAMES, allowed),
        };
      },
    });

    app.route({
      method: 'GET',
      url: '/movements/:id/manifest',
      config: { access: 'manifest.read', names: 'movement' },
      schema: {
        tags: ['movements'],
        summary: 'The list of people: a locked version, or without one the seats as they stand',
        params: idParams('movement'),
        querystring: z.strictObject({ version: z.coerce.number().int().min(1).max(1_000_000).optional() }),
        response: { 200: Manifest },
      },
      handler: async (request) => {
        const { roles, operationId } = scopeOf(request);
        const { id: movementId } = request.params;
        const { version = 0 } = request.query;
        const reader = { principal: principalOfRequest(request).sub, roles };
        const manifest = await ports.movements.manifest({ movementId, operationId, version }, reader);
        if (!manifest) throw new Problem('not_found');
        return {
          movement_id: movementId,
          version: manifest.version,
          status: manifest.status,
          at: maybe(manifest.at),
          entries: manifest.entries.map(({ names, birth, document, ...entry }) => ({
            position: entry.position,
            person_id: entry.personId,
            household_id: entry.householdId,
            household_reference: entry.reference,
            kind: entry.kind,
            status: entry.status,
            ...(names ? { names: { given: names.givenNames, family: names.familyName } } : {}),
            ...(birth ? { birth_date: birth.birthDate } : {}),
            ...(document ? { document: { type: document.documentType, number: document.documentNumber } } : {}),
          })),
        };
      },
    });

    app.route({
      method: 'GET',
      url: '/movements/:id/refusals',
      config: { access: 'manifest.read', names: 'movement' },
      schema: {
        tags: ['movements'],
        summary: 'Who was not seated, and why, in words that everybody may read',
        params: idParams('movement'),
        querystring: z.strictObject(Paging),
        response: { 200: pageOf(Refusal) },
      },
      handler: async (request) => {
        const { limit, cursor } = request.query;
        const [from] = after(cursor, ['string']) ?? [];
        const rows = await ports.movements.refusals(request.params.id, limit, from);
        const { data, ...rest } = page(rows, limit, (row) => [row.householdId]);
        return {
          data: data.map((row) => ({
            household_id: row.householdId,
            household_reference: row.reference,
            reasons: row.reasons,
            at: iso(row.at),
          })),
          ...rest,
        };
      },
    });
  };
}

function planOf(body: z.output<typeof NewMovement>) {
  return {
    reference: body.reference,
    leg: body.leg,
    mode: body.mode,
    carrierId: body.carrier_id,
    replacesId: body.replaces_id,
    origin: body.origin,
    destination: body.destination,
    stops: body.stops.map(({ from, to, departs_at, arrives_at }) => ({
      from,
      to,
      departsAt: departs_at,
      arrivesAt: arrives_at,
    })),
    timeZones: body.time_zones,
    leaveAt: body.leave_at,
    forHouseholdsOf: body.for_households_of,
    acceptsNationalities: body.accepts_nationalities,
    capacity: {
      seats: body.seats.seat,
      infantLaps: body.seats.infant_lap,
      stretchers: body.seats.stretcher_block,
      stretcherSeats: body.seats.stretcher_block_seats,
      wheelchairs: body.seats.wheelchair,
    },
    clearances: body.clearances,
  };
}

/** A JSON pointer to a field of the body. */
const pointerOf = (path: ReadonlyArray<string | number>): string =>
  path.map((part) => `/${snakeCase(`${part}`)}`).join('');

const seatsOut = (capacity: Capacity) => ({
  seat: capacity.seats,
  infant_lap: capacity.infantLaps,
  stretcher_block: capacity.stretchers,
  wheelchair: capacity.wheelchairs,
});

function movementOut(row: MovementFields) {
  return {
    id: row.id,
    operation_id: row.operationId,
    reference: row.reference,
    leg: row.leg,
    mode: row.mode,
    status: row.status,
    carrier_id: row.carrierId,
    origin: row.origin,
    destination: row.destination,
    departs_at: iso(row.departsAt),
    arrives_at: iso(row.arrivesAt),
    seats: { ...seatsOut(row.capacity), stretcher_block_seats: row.capacity.stretcherSeats },
    taken: seatsOut(row.taken),
    over_capacity: row.overCapacity,
    manifest: { version: row.manifestVersion, status: row.manifestStatus },
    booking_ref: row.bookingRef,
    for_households_of: row.forHouseholdsOf,
    accepts_nationalities: row.acceptsNationalities,
    replaces_id: row.replacesId,
  };
}
