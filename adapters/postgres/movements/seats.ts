import type { Pool } from 'pg';
import type { AllocateInput, AllocateResult, Transaction } from '../../../activities/movements.ts';
import { newId } from '../../../application/ids.ts';
import {
  type Allocation,
  alightingStop,
  allocate,
  type HouseholdGroup,
  needOf,
  servedBy,
  type Traveller,
} from '../../../domain/allocation.ts';
import type { SeatKind } from '../../../domain/journeys/events.ts';
import {
  judgeGroup,
  type NeutralReason,
  neutralReasons,
  type PersonPreconditions,
} from '../../../domain/movements/householdGroup.ts';
import { iso } from '../../../domain/time.ts';
import { type Queryable, transaction } from '../database.ts';
import { readPreconditionInput } from '../preconditionInput.ts';
import { writeManifest } from './manifests.ts';
import {
  countSeats,
  type LockedMovement,
  lockHouseholds,
  lockMovement,
  occasionOf,
  releaseSeats,
  seatsLeft,
} from './movements.ts';
import { writeRefusals } from './seatedGroups.ts';

/** Households locked at once: enough to fill a ship in a few steps, few enough not to delay their journeys. */
const CHUNK = 200;

/** Why a seat was released, as everybody may read it. */
const SMALLER_VEHICLE = 'smaller_vehicle';

/**
 * Allocates the seats of a movement to whole households, by priority and date of request. On a smaller vehicle,
 * households that do not fit leave first, from the end of the order.
 * Each step is one transaction. It locks operation, movement, households and journeys, and evaluates the preconditions
 * with fresh data. Households are seated as a whole, or get a reason (allocation_refusals). Households that are not
 * ready are not considered; their own page says what they wait for.
 */
export async function allocateSeats(pool: Pool, input: AllocateInput): Promise<AllocateResult> {
  const amended = await transaction(pool, async (client) => {
    const movement = await lockMovement(client, input.movementId);
    await client.query('delete from allocation_refusals where movement_id = $1 and at <> $2', [
      movement.id,
      iso(input.at),
    ]);
    if (movement.overCapacity) await correct(client, movement, input);
    return input.amend && (await writeManifest(client, { ...input, ...input.amend }));
  });
  if (amended) return { ...(await resultOf(pool, input)), amended };
  let after: Cursor | undefined = FIRST;
  while (after !== undefined) after = await seatNext(pool, input, after);
  return resultOf(pool, input);
}

async function resultOf(client: Queryable, { movementId, at }: AllocateInput): Promise<AllocateResult> {
  const { households, people } = await countSeats(client, movementId);
  const { rows } = await client.query<{ refused: number; released: number; over_capacity: boolean }>(
    `select over_capacity,
       (select count(*) from allocation_refusals where movement_id = m.id) as refused,
       (select count(distinct household_id) from seats
         where movement_id = m.id and status = 'released' and reason_code = $2 and status_at = $3) as released
     from movements m where id = $1`,
    [movementId, SMALLER_VEHICLE, iso(at)],
  );
  const row = rows[0];
  return {
    households,
    people,
    refused: row?.refused ?? 0,
    released: row?.released ?? 0,
    overCapacity: row?.over_capacity ?? false,
  };
}

type SeatedRow = {
  id: string;
  journey_id: string;
  household_id: string;
  kind: SeatKind;
  status: string;
  traveller: Traveller['traveller'];
  priority: number;
  requested_at: Date;
};

/**
 * Allocates the smaller vehicle again among those who have seats. A household with a member on board comes before all
 * others: the system offloads nobody.
 */
async function correct(client: Queryable, movement: LockedMovement, transaction: Transaction): Promise<void> {
  const { rows } = await client.query<SeatedRow>(
    `select s.id, s.journey_id, j.household_id, s.kind, s.status, p.traveller, h.priority, h.requested_at
     from seats s join journeys j on j.id = s.journey_id join households h on h.id = j.household_id
     join persons p on p.id = s.person_id
     where s.movement_id = $1 and s.status in ('reserved', 'checked_in', 'boarded') order by j.household_id, s.journey_id`,
    [movement.id],
  );
  const groups = [...Map.groupBy(rows, (row) => row.household_id).values()];
  await lockHouseholds(
    client,
    groups.map(([first]) => first?.household_id ?? ''),
  );
  const aboard = groups.filter((group) => group.some((row) => row.status === 'boarded'));
  const others = groups.filter((group) => !aboard.includes(group));
  const used = needOf(
    aboard.flat().map((row) => row.kind),
    movement.room.stretcherSeats,
  );
  const room = {
    seats: movement.room.seats - used.seats,
    infantLaps: movement.room.infantLaps - used.infantLaps,
    stretchers: movement.room.stretchers - used.stretchers,
    wheelchairs: movement.room.wheelchairs - used.wheelchairs,
    stretcherSeats: movement.room.stretcherSeats,
  };
  const { seated, refused } = allocate(others.map(asGroup), room);
  const seatOf = new Map(rows.map((row) => [row.journey_id, row]));
  const leaving = refused.flatMap(({ householdId }) =>
    rows.filter((row) => row.household_id === householdId).map((row) => row.id),
  );
  await releaseSeats(client, leaving, transaction, SMALLER_VEHICLE);
  await writeRefusals(client, movement.id, transaction, refused);
  // Only from a lap to a seat, if laps are missing, so that seats never exceed the capacity.
  const moved = seated.flatMap(({ seats }) => seats.filter((seat) => seatOf.get(seat.journeyId)?.kind !== seat.kind));
  await client.query(
    `update seats s set kind = n.kind, updated_at = now()
     from unnest($1::text[], $2::text[]) as n (id, kind) where s.id = n.id`,
    [moved.map((seat) => seatOf.get(seat.journeyId)?.id ?? ''), moved.map((seat) => seat.kind)],
  );
}

/** A seated household as a group to place again, each in a seat of the same kind. */
function asGroup(rows: readonly SeatedRow[]): HouseholdGroup {
  return {
    householdId: rows[0]?.household_id ?? '',
    priority: rows[0]?.priority ?? 0,
    requestedAt: rows[0]?.requested_at.getTime() ?? 0,
    members: rows.map((row) => ({
      journeyId: row.journey_id,
      traveller: row.traveller === 'infant' && row.kind === 'seat' ? 'child' : row.traveller,
      conditions: row.kind === 'stretcher' ? ['STRETCHER'] : row.kind === 'wheelchair' ? ['WHEELCHAIR'] : [],
    })),
  };
}

/** The position in the order of households; the time as text, because a Date would lose its microseconds. */
type Cursor = { priority: number; requestedAt: string; id: string };
const FIRST: Cursor = { priority: -2_147_483_648, requestedAt: '-infinity', id: '' };

type CandidateRow = {
  id: string;
  priority: number;
  requested_at: string;
  requested_ms: number;
  head_nationality: string | null;
};

/** Whether nobody else fits. Everybody takes a seat, except a stretcher on a ship. */
function isFull(movement: LockedMovement): boolean {
  const left = seatsLeft(movement);
  return left.seats <= 0 && (left.stretcherSeats > 0 || left.stretchers <= 0);
}

/** One step: the next households in the order are considered and seated, or refused. Undefined if none are left. */
async function seatNext(pool: Pool, input: AllocateInput, after: Cursor): Promise<Cursor | undefined> {
  return transaction(pool, async (client) => {
    const movement = await lockMovement(client, input.movementId);
    if (movement.overCapacity) return undefined;
    if (isFull(movement)) {
      await refuseTheRest(client, movement, input, after);
      return undefined;
    }
    const candidates = await readCandidates(client, movement, after);
    const last = candidates.at(-1);
    if (!last) return undefined;
    await lockHouseholds(
      client,
      candidates.map((candidate) => candidate.id),
    );
    const { groups, refused, stops } = await judge(client, movement, input, candidates);
    const allocation = allocate(groups, seatsLeft(movement));
    await insertSeats(client, movement, input, allocation, stops);
    await writeRefusals(client, movement.id, input, [...refused, ...allocation.refused]);
    return { priority: last.priority, requestedAt: last.requested_at, id: last.id };
  });
}

/**
 * Households whose open members all need this leg next and are ready by the projections. Their journeys have no seat,
 * and this movement has not denied them.
 */
const CANDIDATES = `
  select h.id, h.priority, h.requested_at, h.head_nationality
  from households h
  where h.operation_id = $1 and (h.priority, h.requested_at, h.id) > ($4::integer, $5::timestamptz, $6::text)
    and exists (select from journeys j where j.household_id = h.id and j.ending is null and j.next_leg = $2::text)
    and not exists (
      select from journeys j where j.household_id = h.id and j.ending is null and not $2 = any (j.route_done) and (
        j.travel <> 'none' or j.next_leg is distinct from $2 or j.identity <> 'confirmed' or j.screening <> 'done'
        or j.consent <> 'given' or j.fitness not in ('fit', 'fit_with') or j.household_open))
    and not exists (
      select from seats s join journeys j on j.id = s.journey_id join movements m on m.id = s.movement_id
      where j.household_id = h.id and (s.status in ('reserved', 'checked_in', 'boarded', 'departed')
        or (s.status = 'arrived' and m.leg = $2 and not $2 = any (j.route_done))
        or (s.movement_id = $3 and s.status in ('no_show', 'denied', 'offloaded'))))
  order by h.priority, h.requested_at, h.id`;

const candidatesAfter = (movement: LockedMovement, after: Cursor): unknown[] => [
  movement.operationId,
  movement.leg,
  movement.id,
  after.priority,
  after.requestedAt,
  after.id,
];

async function readCandidates(client: Queryable, movement: LockedMovement, after: Cursor): Promise<CandidateRow[]> {
  const { rows } = await client.query<CandidateRow>(
    `select c.*, c.requested_at::text as requested_at, extract(epoch from c.requested_at)::float8 * 1000 as requested_ms
     from (${CANDIDATES} limit ${CHUNK}) c`,
    candidatesAfter(movement, after),
  );
  return rows;
}

const FULL: NeutralReason[] = [{ code: 'no_room', words: 'No seats are left' }];

/** The vehicle is full: the next households in the order get this reason without further checks. */
async function refuseTheRest(
  client: Queryable,
  movement: LockedMovement,
  { at }: Transaction,
  after: Cursor,
): Promise<void> {
  await client.query(
    `insert into allocation_refusals (movement_id, household_id, reasons, at)
     select $3, c.id, $7::jsonb, $8::timestamptz from (${CANDIDATES}) c
     where $9::text[] is null or c.head_nationality = any ($9::text[])
     on conflict (movement_id, household_id) do update set reasons = excluded.reasons, at = excluded.at`,
    [...candidatesAfter(movement, after), JSON.stringify(FULL), iso(at), movement.lists.forHouseholdsOf],
  );
}

type MemberRow = {
  id: string;
  household_id: string;
  is_head: boolean;
  travel: string;
  next_leg: string | null;
  route_decided: boolean;
  verified_state: string | null;
  seated: boolean;
};

type Judged = {
  groups: HouseholdGroup[];
  refused: Allocation['refused'];
  /** where each household leaves the vehicle */
  stops: Map<string, string>;
};

/**
 * Evaluates, under the locks and with fresh data, which candidates the movement serves and which meet the preconditions.
 */
async function judge(
  client: Queryable,
  movement: LockedMovement,
  input: AllocateInput,
  candidates: readonly CandidateRow[],
): Promise<Judged> {
  const { rows } = await client.query<MemberRow>(
    `select j.id, j.household_id, j.is_head, j.travel, j.next_leg, j.route_decided, j.verified_state,
       exists (select from seats s where s.person_id = j.person_id and s.status in ('reserved', 'checked_in', 'boarded', 'departed')) as seated
     from journeys j
     where j.household_id = any ($1::text[]) and j.ending is null and not $2 = any (j.route_done) order by j.id`,
    [candidates.map((candidate) => candidate.id), movement.leg],
  );
  const preconditions = await readPreconditionInput(
    client,
    rows.map((row) => row.id),
    { at: input.at, movementId: movement.id },
  );
  const members = Map.groupBy(rows, (row) => row.household_id);
  const occasion = occasionOf(movement, input.rules, input.at);
  const judged: Judged = { groups: [], refused: [], stops: new Map() };
  for (const candidate of candidates) {
    const group = members.get(candidate.id) ?? [];
    const head = group.find((member) => member.is_head) ?? group[0];
    // Data may have changed before the lock: then they are considered next time.
    if (!head || group.some((member) => member.seated || member.travel !== 'none' || member.next_leg !== movement.leg))
      continue;
    const people = group.flatMap((member) => preconditions.get(member.id) ?? []);
    const nationality = candidate.head_nationality ?? preconditions.get(head.id)?.nationalityCode ?? null;
    const notServed = servedBy(movement.lists, {
      nationality,
      confirmedBy: head.verified_state,
      routeDecided: group.every((member) => member.route_decided),
    });
    const verdicts = judgeGroup('allocate', people, occasion);
    const reasons: NeutralReason[] = notServed
      ? [notServed]
      : neutralReasons(verdicts.flatMap(({ own, group: mates }) => [...own, ...mates]));
    // A household for which the movement is not planned is not listed as refused.
    if (notServed?.code === 'not_planned_for') continue;
    if (reasons.length > 0) {
      judged.refused.push({ householdId: candidate.id, reasons });
      continue;
    }
    judged.stops.set(candidate.id, alightingStop(movement.leaveAt, nationality, movement.lastStop));
    judged.groups.push({
      householdId: candidate.id,
      priority: candidate.priority,
      requestedAt: candidate.requested_ms,
      members: people.map(asTraveller),
    });
  }
  return judged;
}

function asTraveller({ journeyId, traveller, conditions }: PersonPreconditions): Traveller {
  return { journeyId, traveller, conditions };
}

async function insertSeats(
  client: Queryable,
  movement: LockedMovement,
  transaction: Transaction,
  { seated }: Allocation,
  stops: Map<string, string>,
): Promise<void> {
  const seats = seated.flatMap(({ householdId, seats: places }) =>
    places.map((place) => ({
      id: newId('seat'),
      householdId,
      ...place,
      stop: stops.get(householdId) ?? movement.lastStop,
    })),
  );
  await client.query(
    `insert into seats (id, movement_id, household_id, journey_id, person_id, kind, alight_at, reserved_at, status_at, status_by)
     select n.id, $1, n.household, j.id, j.person_id, n.kind, n.stop, $2::timestamptz, $2::timestamptz, $3::jsonb
     from unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[]) as n (id, household, journey, kind, stop)
     join journeys j on j.id = n.journey`,
    [
      movement.id,
      iso(transaction.at),
      transaction.actor,
      seats.map((seat) => seat.id),
      seats.map((seat) => seat.householdId),
      seats.map((seat) => seat.journeyId),
      seats.map((seat) => seat.kind),
      seats.map((seat) => seat.stop),
    ],
  );
  await client.query('delete from allocation_refusals where movement_id = $1 and household_id = any ($2::text[])', [
    movement.id,
    seated.map((group) => group.householdId),
  ]);
}
