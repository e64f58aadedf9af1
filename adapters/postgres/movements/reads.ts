import { sql } from 'kysely';
import { jsonArrayFrom } from 'kysely/helpers/postgres';
import type { LocalTimesPorts, PlanPorts } from '../../../application/movements/planMovement.ts';
import type { Movement, MovementReads } from '../../../application/movements/reads.ts';
import { MOVEMENT_EVENT_FORMS } from '../../../domain/movements/events.ts';
import { STORED_REASONS } from '../../../domain/movements/householdGroup.ts';
import { STORED_LOCAL_TIMES, STORED_MOVEMENT_ROUTE } from '../../../domain/movements/route.ts';
import { STILL_TO_LEAVE } from '../../../domain/movements/state.ts';
import { anyOf, type Db, instant, json, moment } from '../database.ts';
import { readEvents } from '../eventLog.ts';
import type { Movement as Row } from '../generated/kysely/tables.ts';
import { readManifest } from './manifests.ts';
import { capacityOf, takenOf } from './seats.ts';

/** Movements as they are planned and read. */
export function movementsOn(
  db: Db,
): MovementReads & Pick<PlanPorts, 'insert'> & Pick<LocalTimesPorts, 'plannedByOtherTables'> {
  return {
    async operationOf(id) {
      const row = await db.selectFrom('movements').select('operationId').where('id', '=', id).executeTakeFirst();
      return row?.operationId;
    },

    insert: ({ clearances, start, capacity, ...movement }) =>
      db.transaction().execute(async (tx) => {
        const { origin, destination, stops, timeZones, leaveAt, departsAt, arrivesAt, ...plain } = movement;
        const made = await tx
          .insertInto('movements')
          .values({
            ...plain,
            origin: json(origin),
            destination: json(destination),
            stops: json(stops),
            timeZones: json(timeZones),
            leaveAt: json(leaveAt),
            departsAt: new Date(departsAt),
            arrivesAt: new Date(arrivesAt),
            seatCapacity: capacity.seats,
            infantCapacity: capacity.infantLaps,
            stretcherCapacity: capacity.stretchers,
            stretcherSeats: capacity.stretcherSeats,
            wheelchairCapacity: capacity.wheelchairs,
          })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirstOrThrow();
        if (made.numInsertedOrUpdatedRows === 0n) {
          const same = await tx.selectFrom('movements').select('id').where('id', '=', movement.id).executeTakeFirst();
          return same ? 'planned' : 'taken';
        }
        for (const kind of clearances)
          await tx.insertInto('movementClearances').values({ movementId: movement.id, kind }).execute();
        await tx
          .insertInto('pendingStarts')
          .values({ ...start, input: json(start.input) })
          .execute();
        return 'planned';
      }),

    async list(operationId, { status, leg }, limit, after) {
      let query = db
        .selectFrom('movements')
        .selectAll()
        .select((eb) => instant(eb, 'departsAt'))
        .where('operationId', '=', operationId);
      if (status) query = query.where('status', '=', status);
      if (leg) query = query.where('leg', '=', leg);
      if (after) {
        const [departs, id] = after;
        query = query.where((eb) => eb(eb.refTuple('departsAt', 'id'), '>', eb.tuple(moment(departs), id)));
      }
      const rows = await query
        .orderBy('movements.departsAt')
        .orderBy('id')
        .limit(limit + 1)
        .execute();
      return rows.map(movementOf);
    },

    async read(id) {
      const row = await db
        .selectFrom('movements')
        .selectAll()
        .select((eb) => [
          instant(eb, 'departsAt'),
          jsonArrayFrom(
            eb
              .selectFrom('movementClearances as c')
              .select((c) => ['c.kind', 'c.status', instant(c, 'c.at'), 'c.actor'])
              .where('c.movementId', '=', id)
              .orderBy('c.kind'),
          ).as('clearances'),
          jsonArrayFrom(
            eb
              .selectFrom('seats as s')
              .select((s) => ['s.status', s.cast<number>(s.fn.countAll(), 'integer').as('n')])
              .where('s.movementId', '=', id)
              .groupBy('s.status'),
          ).as('seats'),
        ])
        .where('id', '=', id)
        .executeTakeFirst();
      if (!row) return undefined;
      const people = Object.fromEntries(row.seats.map(({ status, n }) => [status, n]));
      return { ...movementOf(row), clearances: row.clearances, people };
    },

    events: (id) => readEvents(db, MOVEMENT_EVENT_FORMS, id),

    manifest: (id, version) => readManifest(db, id, version),

    async refusals(id, limit, after) {
      const rows = await db
        .selectFrom('allocationRefusals as r')
        .innerJoin('households as h', 'h.id', 'r.householdId')
        .select((eb) => ['r.householdId', 'h.reference', 'r.reasons', instant(eb, 'r.at')])
        .where('r.movementId', '=', id)
        .where('r.householdId', '>', after ?? '')
        .orderBy('r.householdId')
        .limit(limit + 1)
        .execute();
      return rows.map((row) => ({ ...row, reasons: STORED_REASONS.read(row.reasons) }));
    },

    async journeysOf(operationId, personIds) {
      const rows = await db
        .selectFrom('journeys')
        .distinctOn('personId')
        .select(['personId', 'id'])
        .where('operationId', '=', operationId)
        .where('personId', '=', anyOf(personIds))
        .orderBy('personId')
        .orderBy((eb) => eb('ending', 'is', null), 'desc')
        .orderBy('registeredAt', 'desc')
        .execute();
      return new Map(rows.map(({ personId, id }) => [personId, id]));
    },

    async plannedByOtherTables(table) {
      const rows = await db
        .selectFrom('movements')
        .select(['id', 'operationId', 'timeZoneTable', 'stops', 'timeZones'])
        .where('status', '=', anyOf(STILL_TO_LEAVE))
        .where('timeZones', '<>', json({}))
        .where('timeZoneTable', 'is distinct from', table)
        .where('departsAt', '=', sql<Date>`(stops -> 0 ->> 'departsAt')::timestamptz`)
        .where('arrivesAt', '=', sql<Date>`(stops -> -1 ->> 'arrivesAt')::timestamptz`)
        .execute();
      return rows.map((row) => ({ ...row, ...STORED_LOCAL_TIMES.read(row) }));
    },
  };
}

const movementOf = (row: Omit<Row, 'departsAt'> & Pick<Movement, 'departsAt'>): Movement => ({
  ...row,
  ...STORED_MOVEMENT_ROUTE.read(row),
  arrivesAt: row.arrivesAt.getTime(),
  capacity: capacityOf(row),
  taken: takenOf(row),
});
