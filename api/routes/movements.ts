import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { MovementRow } from '../../adapters/postgres/reads/movements.ts';
import { fieldsFor } from '../../domain/access.ts';
import { MOVEMENT_COMMANDS } from '../../domain/movements/commands/index.ts';
import { iso } from '../../domain/time.ts';
import { TASK_QUEUE, workflowId } from '../../workflows/messages.ts';
import { MOVEMENT_COMMAND_NAMES } from '../casing.ts';
import { canDoOf } from '../commands.ts';
import { readStops } from '../localTimes.ts';
import { after, Paging, page, pageOf } from '../paging.ts';
import { scopeOf } from '../plugins/access.ts';
import { principalOfRequest } from '../plugins/authentication.ts';
import { originOf } from '../plugins/idempotency.ts';
import type { ApiPorts } from '../ports.ts';
import { Problem } from '../problems.ts';
import { At, Code, id, idParams, maybe } from '../schemas/common.ts';
import { Manifest, Movement, MovementDetail, NewMovement, Status } from '../schemas/movements.ts';
import { withEtag } from '../versions.ts';

const Refusals = pageOf(
  z.object({
    household_id: z.string(),
    household_reference: z.string(),
    reasons: z.unknown().meta({ description: 'neutral codes and words' }),
    at: At,
  }),
);

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
        const { operationId } = scopeOf(request);
        const { body } = request;
        if (body.carrier_id !== null && (await ports.partners.read(body.carrier_id))?.kind !== 'carrier') {
          throw new Problem('invalid_request', {
            errors: [{ pointer: '/carrier_id', code: 'unknown', detail: 'There is no such carrier.' }],
          });
        }
        if (body.replaces_id !== null && (await ports.movements.operationOf(body.replaces_id)) !== operationId) {
          throw new Problem('invalid_request', {
            errors: [
              { pointer: '/replaces_id', code: 'unknown', detail: 'There is no such movement in this operation.' },
            ],
          });
        }
        const [rules, clock] = await Promise.all([
          ports.operations.rules(operationId),
          ports.operations.clock(operationId),
        ]);
        if (!rules.legs.some(({ code }) => code === body.leg)) {
          throw new Problem('invalid_request', {
            errors: [
              {
                pointer: '/leg',
                code: 'unknown',
                detail: `The rules know the legs ${rules.legs.map(({ code }) => code).join(', ')}.`,
              },
            ],
          });
        }
        const stops = readStops(body.stops, body.time_zones, ports.zones);
        const [departsAt, arrivesAt] = [
          Date.parse(stops[0]?.departsAt ?? ''),
          Date.parse(stops.at(-1)?.arrivesAt ?? ''),
        ];
        const movementId = ports.ids.derived('movement', ...originOf(request));
        const capacity = {
          seats: body.seats.seat,
          infantLaps: body.seats.infant_lap,
          stretchers: body.seats.stretcher_block,
          wheelchairs: body.seats.wheelchair,
        };
        const planned = await ports.movements.plan({
          id: movementId,
          operationId,
          reference: body.reference,
          leg: body.leg,
          mode: body.mode,
          carrierId: body.carrier_id,
          origin: body.origin,
          destination: body.destination,
          stops,
          timeZones: body.time_zones,
          timeZoneTable: Object.keys(body.time_zones).length > 0 ? ports.zones.table : null,
          departsAt,
          arrivesAt,
          forHouseholdsOf: body.for_households_of,
          acceptsNationalities: body.accepts_nationalities,
          leaveAt: body.leave_at,
          replacesId: body.replaces_id,
          capacity: { ...capacity, stretcherSeats: body.seats.stretcher_block_seats },
          clearances: body.clearances,
          workflow: { id: workflowId.movement(movementId), taskQueue: TASK_QUEUE },
          input: {
            version: 1,
            movementId,
            operationId,
            clock,
            rules,
            leg: body.leg,
            ...(body.carrier_id === null ? {} : { carrierId: body.carrier_id }),
            departsAt,
            arrivesAt,
            stops: body.stops.map((stop) => stop.to),
            capacity,
            clearances: body.clearances.filter((kind) => kind !== 'carrier'),
          },
        });
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
        const filter = { ...(status ? { status } : {}), ...(leg ? { leg } : {}) };
        const rows = await ports.movements.list(
          scopeOf(request).operationId,
          filter,
          limit,
          after(cursor, ['number', 'string']),
        );
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
        const allowed = MOVEMENT_COMMANDS.allowed(await ports.movements.state(movement.id), roles, ports.clock());
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
        const manifest = await ports.movements.manifest(request.params.id, request.query.version ?? 0);
        if (!manifest) throw new Problem('not_found');
        const groups = fieldsFor(roles).filter((group) => ['names', 'birth', 'document'].includes(group));
        const people = manifest.entries.map(({ personId }) => personId);
        const at = await ports.operations.now(operationId, ports.clock());
        if (groups.length > 0) {
          await ports.personal.shown(
            manifest.entries.map((entry) => ({
              id: ports.ids.fresh('disclosure'),
              personId: entry.personId,
              journeyId: entry.journeyId,
              principal: principalOfRequest(request).sub,
              purpose: 'manifest',
              fields: groups,
              at,
            })),
          );
        }
        const cores = groups.length > 0 ? await ports.personal.cores(people) : new Map();
        return {
          movement_id: request.params.id,
          version: manifest.version,
          status: manifest.status,
          at: maybe(manifest.at),
          entries: manifest.entries.map((entry) => {
            const core = cores.get(entry.personId);
            return {
              position: entry.position,
              person_id: entry.personId,
              household_id: entry.householdId,
              household_reference: entry.reference,
              kind: entry.kind,
              status: entry.status,
              ...(core && groups.includes('names')
                ? { names: { given: core.givenNames, family: core.familyName } }
                : {}),
              ...(core && groups.includes('birth') ? { birth_date: core.birthDate } : {}),
              ...(core && groups.includes('document')
                ? { document: { type: core.documentType, number: core.documentNumber } }
                : {}),
            };
          }),
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
        response: { 200: Refusals },
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

function movementOut(row: MovementRow) {
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
    seats: {
      seat: row.capacity.seats,
      infant_lap: row.capacity.infantLaps,
      stretcher_block: row.capacity.stretchers,
      stretcher_block_seats: row.capacity.stretcherSeats,
      wheelchair: row.capacity.wheelchairs,
    },
    taken: {
      seat: row.taken.seats,
      infant_lap: row.taken.infantLaps,
      stretcher_block: row.taken.stretchers,
      wheelchair: row.taken.wheelchairs,
    },
    over_capacity: row.overCapacity,
    manifest: { version: row.manifestVersion, status: row.manifestStatus },
    booking_ref: row.bookingRef,
    for_households_of: row.forHouseholdsOf,
    accepts_nationalities: row.acceptsNationalities,
    replaces_id: row.replacesId,
  };
}
