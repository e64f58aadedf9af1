import type { Pool } from 'pg';
import { type MovementActivities, movementActivities } from '../../../activities/subjects.ts';
import { raiseAlarm } from '../../../adapters/postgres/alarms.ts';
import { databaseOn } from '../../../adapters/postgres/database.ts';
import { seatNotificationsOn, seatsOn } from '../../../adapters/postgres/movements/seats.ts';
import { newId } from '../../../application/ids.ts';
import type { NotifyPorts } from '../../../application/movements/notifyJourneys.ts';
import type { Actor } from '../../../domain/actor.ts';
import { defaultRules, type Rules } from '../../../domain/rules.ts';
import { DAY, HOUR, iso } from '../../../domain/time.ts';

/** The operation's time in these tests. */
export const NOW = Date.parse('2026-03-01T08:00:00Z');
const DEPARTS = NOW + 8 * HOUR;
const ARRIVES = NOW + 12 * HOUR;
export const OFFICER: Actor = { kind: 'staff', id: 'officer', role: 'movement_officer' };
export const RULES: Rules = defaultRules('evacuation');
const STAGE = 'evacuation';

/** The activities of movements on this database; `movementUpdated` stands for the journeys. */
export function seatActivities(
  pool: Pool,
  movementUpdated: NotifyPorts['movementUpdated'] = async () => 'delivered',
): MovementActivities {
  const db = databaseOn(pool);
  return movementActivities({
    ...seatsOn(db),
    ...seatNotificationsOn(db),
    movementUpdated,
    raiseAlarm: (alarm, occasion) => raiseAlarm(db, alarm, occasion),
  });
}

export async function newOperation(pool: Pool): Promise<string> {
  const id = newId('operation');
  await pool.query(
    `insert into operations (id, kind, name, country, status, government_request_ref, created_by, starts_at)
     values ($1, 'evacuation', 'Test', 'VUT', 'running', 'REF 1', 'test', $2)`,
    [id, iso(NOW - DAY)],
  );
  return id;
}

type MovementOver = {
  seats?: number;
  infantLaps?: number;
  stretchers?: number;
  stretcherSeats?: number;
  wheelchairs?: number;
  status?: string;
  forHouseholdsOf?: string[] | null;
  accepts?: string[] | null;
  leaveAt?: Record<string, string[]>;
};

export async function newMovement(pool: Pool, operationId: string, over: MovementOver = {}): Promise<string> {
  const id = newId('movement');
  await pool.query(
    `insert into movements (id, operation_id, reference, leg, mode, origin, destination, stops, departs_at, arrives_at, status,
       for_households_of, accepts_nationalities, leave_at, seat_capacity, infant_capacity, stretcher_capacity, stretcher_seats, wheelchair_capacity)
     values ($1, $2, $1, $3, 'ship', '{"code":"LOL"}', '{"code":"SAN"}', '[]', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
    [
      id,
      operationId,
      STAGE,
      iso(DEPARTS),
      iso(ARRIVES),
      over.status ?? 'cleared',
      over.forHouseholdsOf ?? null,
      over.accepts ?? null,
      over.leaveAt ?? {},
      over.seats ?? 10,
      over.infantLaps ?? 2,
      over.stretchers ?? 0,
      over.stretcherSeats ?? 0,
      over.wheelchairs ?? 1,
    ],
  );
  return id;
}

export type Household = { id: string; journeys: string[]; persons: string[] };

type Member = { traveller?: 'adult' | 'child' | 'infant'; conditions?: string[] };

/** A household that is ready in all that it can bring; members differ as said. */
export async function newHousehold(
  pool: Pool,
  operationId: string,
  members: Member[] | number,
  over: {
    priority?: number;
    requestedAt?: number;
    nationality?: string;
    route?: string[];
    routeDecided?: boolean;
  } = {},
): Promise<Household> {
  const people = typeof members === 'number' ? Array.from({ length: members }, (): Member => ({})) : members;
  const household: Household = { id: newId('household'), journeys: [], persons: [] };
  const nationality = over.nationality ?? 'VUT';
  await pool.query(
    `insert into households (id, operation_id, reference, priority, requested_at, head_nationality) values ($1, $2, $1, $3, $4, $5)`,
    [household.id, operationId, over.priority ?? 100, iso(over.requestedAt ?? NOW - DAY), nationality],
  );
  for (const [i, member] of people.entries()) {
    const person = newId('person');
    const journey = newId('journey');
    await pool.query(`insert into persons (id, nationality, sex, traveller) values ($1, $2, 'F', $3)`, [
      person,
      nationality,
      member.traveller ?? 'adult',
    ]);
    await pool.query(
      `insert into journeys (id, person_id, operation_id, household_id, relationship, is_head, registered_at, status, status_since,
         identity, screening, consent, consent_sharing, consent_confirmed_at, fitness, fitness_until, fitness_conditions,
         next_leg, route, route_decided)
       values ($1, $2, $3, $4, 'HEAD', $5, $6, 'travel_ready', $6, 'confirmed', 'done', 'given', true, $6, 'fit', $7, $8, $9, $10, $11)`,
      [
        journey,
        person,
        operationId,
        household.id,
        i === 0,
        iso(NOW - DAY),
        iso(NOW + 2 * DAY),
        member.conditions ?? [],
        (over.route ?? [STAGE])[0],
        over.route ?? [STAGE],
        over.routeDecided ?? true,
      ],
    );
    household.journeys.push(journey);
    household.persons.push(person);
  }
  return household;
}

export async function raiseHold(pool: Pool, operationId: string, journeyId: string, type = 'ASYLUM'): Promise<void> {
  await pool.query(
    `insert into holds (id, journey_id, operation_id, type, raised_by, raised_at)
     values ($1, $2, $3, $4, 'test', $5)`,
    [newId('hold'), journeyId, operationId, type, iso(NOW)],
  );
}

/** Status of each seat of a movement, by journey. */
export async function seatsOf(
  pool: Pool,
  movementId: string,
): Promise<Map<string, { status: string; kind: string; alight_at: string }>> {
  const { rows } = await pool.query<{ journey_id: string; status: string; kind: string; alight_at: string }>(
    'select journey_id, status, kind, alight_at from seats where movement_id = $1 order by reserved_at, id',
    [movementId],
  );
  return new Map(rows.map((row) => [row.journey_id, row]));
}

export async function statuses(
  pool: Pool,
  movementId: string,
  household: Household,
): Promise<Array<string | undefined>> {
  const seats = await seatsOf(pool, movementId);
  return household.journeys.map((journey) => seats.get(journey)?.status);
}

export async function refusalsOf(pool: Pool, movementId: string): Promise<Map<string, string[]>> {
  const { rows } = await pool.query<{ household_id: string; reasons: Array<{ code: string }> }>(
    'select household_id, reasons from allocation_refusals where movement_id = $1',
    [movementId],
  );
  return new Map(rows.map((row) => [row.household_id, row.reasons.map((reason) => reason.code)]));
}
