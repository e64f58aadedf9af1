import { sql } from 'kysely';
import type { NotifyPorts } from '../../../application/movements/notifyJourneys.ts';
import type {
  InMovement,
  LockedMovement,
  SeatCounts,
  SeatPorts,
  SeatTransaction,
} from '../../../application/movements/seats.ts';
import { STORED_ACTOR } from '../../../domain/actor.ts';
import type { FreeCapacity } from '../../../domain/movements/allocation.ts';
import type { Capacity, GateCounts } from '../../../domain/movements/events.ts';
import { STORED_LEAVE_AT } from '../../../domain/movements/route.ts';
import { HELD } from '../../../domain/movements/statuses.ts';
import { iso } from '../../../domain/time.ts';
import { raiseAlarm } from '../alarms.ts';
import { anyOf, type Db, instant, json } from '../database.ts';
import type { Movement } from '../generated/kysely/tables.ts';
import { readPreconditionInput } from '../preconditionInput.ts';
import { candidatesOf, manifestsOf } from './manifests.ts';

export function seatsOn(db: Db): SeatPorts {
  const inMovement: InMovement = (movementId, work) =>
    db.transaction().execute(async (tx) => work(seatTransaction(tx, await lockMovement(tx, movementId))));
  return {
    inMovement,
    async count(movementId) {
      const { booked } = await db
        .selectFrom('manifestEntries as e')
        .select((eb) => eb.cast<number>(eb.fn.countAll(), 'integer').as('booked'))
        .where('e.movementId', '=', movementId)
        .where('e.version', '=', (eb) =>
          eb
            .selectFrom('manifests')
            .select((m) => m.fn.max('version').as('last'))
            .where('movementId', '=', movementId),
        )
        .executeTakeFirstOrThrow();
      return { ...(await countSeats(db, movementId)), booked };
    },
    async writeClearance({ movementId, kind, status, at, actor }) {
      const given = { status, at: new Date(at), actor: actor.id };
      await db
        .insertInto('movementClearances')
        .values({ movementId, kind, ...given })
        .onConflict((conflict) => conflict.columns(['movementId', 'kind']).doUpdateSet(given))
        .execute();
    },
  };
}

async function lockMovement(tx: Db, id: string): Promise<LockedMovement> {
  await sql`select 1 from operations where id = (select operation_id from movements where id = ${id}) for share`.execute(
    tx,
  );
  const row = await tx
    .selectFrom('movements')
    .selectAll()
    .select(sql<string>`destination ->> 'code'`.as('lastStop'))
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  if (!row) throw new Error(`There is no movement ${id}`);
  const { operationId, leg, overCapacity, forHouseholdsOf, acceptsNationalities } = row;
  return {
    id,
    operationId,
    leg,
    departsAt: row.departsAt.getTime(),
    arrivesAt: row.arrivesAt.getTime(),
    lists: { forHouseholdsOf, acceptsNationalities },
    leaveAt: STORED_LEAVE_AT.read(row.leaveAt),
    lastStop: row.lastStop,
    room: capacityOf(row),
    taken: takenOf(row),
    overCapacity,
  };
}

function seatTransaction(tx: Db, movement: LockedMovement): SeatTransaction {
  const { id: movementId, leg } = movement;
  return {
    movement,
    ...candidatesOf(tx, movement),
    ...manifestsOf(tx, movementId),

    async lockHouseholds(ids) {
      await sql`select 1 from households where id = any(${ids}::text[]) order by id for update`.execute(tx);
      await sql`select 1 from journeys where household_id = any(${ids}::text[]) order by id for update`.execute(tx);
    },

    async preconditions(journeyIds, at) {
      return [...(await readPreconditionInput(tx, journeyIds, { at, movementId })).values()];
    },

    async find({ status, households, journeys, changed }) {
      let query = tx
        .selectFrom('seats as s')
        .innerJoin('journeys as j', 'j.id', 's.journeyId')
        .innerJoin('households as h', 'h.id', 'j.householdId')
        .innerJoin('persons as p', 'p.id', 's.personId')
        .select([
          's.id',
          's.journeyId',
          'j.householdId',
          's.kind',
          's.status',
          's.alightAt',
          'p.traveller',
          'h.priority',
        ])
        .select((eb) => [instant(eb, 'h.requestedAt'), instant(eb, 's.statusAt')])
        .where('s.movementId', '=', movementId);
      if (status) query = query.where('s.status', '=', anyOf(status));
      if (households) query = query.where('j.householdId', '=', anyOf(households));
      if (journeys) query = query.where('s.journeyId', '=', anyOf(journeys));
      if (changed)
        query = query.where('s.statusAt', '=', new Date(changed.at)).where('s.reasonCode', '=', changed.reasonCode);
      return query
        .orderBy('s.journeyId')
        .orderBy((eb) => eb('s.status', '=', 'released'), 'desc')
        .orderBy('s.reservedAt')
        .orderBy('s.id')
        .execute();
    },

    count: () => countSeats(tx, movementId),

    async members(status, householdIds) {
      const households = householdIds
        ? sql`any(${householdIds}::text[])`
        : sql`any(select m.household_id from seats s join journeys m on m.id = s.journey_id
            where s.movement_id = ${movementId} and s.status = ${anyOf(status)})`;
      const seated = sql`select from seats s where s.movement_id = ${movementId} and s.journey_id = j.id and s.status = ${anyOf(status)}`;
      const { rows } = await sql<{ journeyId: string; householdId: string }>`
        select j.id as journey_id, j.household_id from journeys j
        where j.household_id = ${households}
          and ((j.ending is null and ${leg} = any(j.route) and not ${leg} = any(j.route_done)) or exists (${seated}))
        order by j.id`.execute(tx);
      return rows;
    },

    async householdsOf(journeyIds) {
      const rows = await tx
        .selectFrom('journeys')
        .select('householdId')
        .distinct()
        .where('id', '=', anyOf(journeyIds))
        .orderBy('householdId')
        .execute();
      return rows.map(({ householdId }) => householdId);
    },

    async reserve(seats, { at, actor }) {
      await sql`
        insert into seats (id, movement_id, household_id, journey_id, person_id, kind, alight_at, reserved_at, status_at, status_by)
        select n.id, ${movementId}, n.household, j.id, j.person_id, n.kind, n.stop, m.at, m.at, ${json(actor)}
        from unnest(${seats.map((seat) => seat.id)}::text[], ${seats.map((seat) => seat.householdId)}::text[],
          ${seats.map((seat) => seat.journeyId)}::text[], ${seats.map((seat) => seat.kind)}::text[],
          ${seats.map((seat) => seat.alightAt)}::text[]) as n (id, household, journey, kind, stop)
        join journeys j on j.id = n.journey cross join (select ${iso(at)}::timestamptz as at) m`.execute(tx);
    },

    async change(changes, actor) {
      await sql`
        update seats s set status = n.status, status_at = n.at, status_by = ${json(actor)}, updated_at = now(),
          reason_code = coalesce(n.reason, s.reason_code)
        from unnest(${changes.map(({ seatId }) => seatId)}::text[], ${changes.map(({ status }) => status)}::text[],
          ${changes.map(({ at }) => iso(at))}::timestamptz[],
          ${changes.map(({ reasonCode }) => reasonCode ?? null)}::text[]) as n (id, status, at, reason)
        where s.id = n.id and s.status <> 'died'`.execute(tx);
    },

    async changeKinds(seats) {
      await sql`
        update seats s set kind = n.kind, updated_at = now()
        from unnest(${seats.map(({ id }) => id)}::text[], ${seats.map(({ kind }) => kind)}::text[]) as n (id, kind)
        where s.id = n.id`.execute(tx);
    },

    async changeVehicle({ seats, infantLaps, stretchers, wheelchairs }, overCapacity) {
      await tx
        .updateTable('movements')
        .set({ seatCapacity: seats, infantCapacity: infantLaps, stretcherCapacity: stretchers, overCapacity })
        .set({ wheelchairCapacity: wheelchairs, updatedAt: sql`now()` })
        .where('id', '=', movementId)
        .execute();
    },

    async listRefusedScans(refused) {
      const scans = refused.map(({ scan }) => scan);
      await sql`
        insert into refused_scans (movement_id, scan_id, journey_id, kind, code, at)
        select ${movementId}, n.* from unnest(${scans.map(({ scanId }) => scanId)}::text[],
          ${scans.map(({ journeyId }) => journeyId)}::text[], ${scans.map(({ kind }) => kind)}::text[],
          ${refused.map(({ code }) => code)}::text[], ${scans.map(({ at }) => iso(at))}::timestamptz[]) as n
        on conflict do nothing`.execute(tx);
    },

    raiseAlarm: (alarm, occasion) => raiseAlarm(tx, alarm, occasion),
  };
}

/** The counts of a movement's seats. `open`: held by somebody who is neither on board nor accounted for. */
async function countSeats(db: Db, movementId: string): Promise<SeatCounts & { open: number }> {
  const { rows } = await sql<Omit<SeatCounts, 'gate'> & GateCounts & { open: number }>`
    select count(distinct j.household_id) filter (where s.status = ${anyOf(HELD)})::int as households,
      count(*) filter (where s.status = ${anyOf(HELD)})::int as people,
      count(*) filter (where s.status in ('reserved', 'checked_in'))::int as open,
      count(*) filter (where s.status = 'checked_in')::int as checked_in,
      count(*) filter (where s.status in ('boarded', 'departed', 'arrived', 'died'))::int as boarded,
      count(*) filter (where s.status = 'no_show')::int as no_show,
      count(*) filter (where s.status = 'denied')::int as denied,
      count(*) filter (where s.status = 'offloaded')::int as offloaded
    from seats s join journeys j on j.id = s.journey_id where s.movement_id = ${movementId}`.execute(db);
  const [counts] = rows;
  if (!counts) throw new Error('A count has one row');
  const { households, people, open, ...gate } = counts;
  return { households, people, open, gate };
}

type Counted = Omit<Movement, 'departsAt'>;

export const capacityOf = (row: Counted): FreeCapacity => ({
  seats: row.seatCapacity,
  infantLaps: row.infantCapacity,
  stretchers: row.stretcherCapacity,
  wheelchairs: row.wheelchairCapacity,
  stretcherSeats: row.stretcherSeats,
});

export const takenOf = (row: Counted): Capacity => ({
  seats: row.seatsTaken,
  infantLaps: row.infantsTaken,
  stretchers: row.stretchersTaken,
  wheelchairs: row.wheelchairsTaken,
});

/** Seats of which their journey has not received the latest status. */
export function seatNotificationsOn(db: Db): Pick<NotifyPorts, 'pendingNotifications' | 'markNotified'> {
  return {
    async pendingNotifications(movementId, limit) {
      const rows = await db
        .selectFrom('seats as s')
        .innerJoin('movements as m', 'm.id', 's.movementId')
        .select(['s.id as seatId', 'm.operationId', 's.journeyId', 's.kind', 'm.leg', 's.status', 's.notified'])
        .select((eb) => ['s.reasonCode', 's.statusBy', eb.fn.coalesce('s.statusAt', 's.reservedAt').as('at')])
        .where('s.movementId', '=', movementId)
        .where('s.notified', 'is distinct from', (eb) => eb.ref('s.status'))
        .orderBy('s.id')
        .limit(limit)
        .execute();
      return rows.map(({ statusBy, at, ...row }) => ({ ...row, at: at.getTime(), actor: STORED_ACTOR.read(statusBy) }));
    },

    async markNotified(seats) {
      await sql`
        update seats s set notified = n.status
        from unnest(${seats.map(({ seatId }) => seatId)}::text[], ${seats.map(({ status }) => status)}::text[]) as n (id, status)
        where s.id = n.id`.execute(db);
    },
  };
}
