import type { Pool } from 'pg';
import type { ArriveInput, DepartInput, DepartResult } from '../../../activities/movements.ts';
import { derivedId } from '../../../application/ids.ts';
import { judgeGroup } from '../../../domain/movements/householdGroup.ts';
import { iso } from '../../../domain/time.ts';
import { databaseIn, type Queryable, transaction } from '../database.ts';
import { readPreconditionInput } from '../preconditionInput.ts';
import { finishManifest } from './manifests.ts';
import { countSeats, type LockedMovement, lockHouseholds, lockMovement, occasionOf } from './movements.ts';
import { readSeatedGroups } from './seatedGroups.ts';

/**
 * Records the departure with those on board, which cannot be compensated. Before it, every seat is accounted for, no
 * household is divided between vehicle and gate, and everybody on board meets the preconditions again.
 */
export async function departSeats(pool: Pool, input: DepartInput): Promise<DepartResult> {
  return transaction(pool, async (client) => {
    const movement = await lockMovement(client, input.movementId);
    const { open } = await countSeats(client, movement.id);
    const { divided, notToTravel } = await whatIsWrong(client, movement, input);
    if (!input.already) {
      const reason =
        say(
          open,
          'person with a seat is neither on board nor accounted for',
          'people with a seat are neither on board nor accounted for',
        ) ??
        say(
          divided.length,
          'household is divided: offload it, or let a person decide',
          'households are divided: offload them, or let a person decide',
        ) ??
        say(
          notToTravel.length,
          'person on board may not travel and must be offloaded',
          'people on board may not travel and must be offloaded',
        );
      if (reason !== undefined) return { outcome: 'refused', reason };
    } else if (divided.length > 0 || notToTravel.length > 0) {
      await raiseAlarm(client, movement, { households: divided, journeys: notToTravel });
    }
    await client.query(
      `update seats set status = 'departed', status_at = $2, status_by = $3, updated_at = now()
       where movement_id = $1 and status = 'boarded'`,
      [movement.id, iso(input.at), input.actor],
    );
    await finishManifest(client, movement.id);
    const { onBoard } = await countSeats(client, movement.id);
    return { outcome: 'departed', aboard: onBoard, unaccounted: open };
  });
}

/** Households with some members on board and others not, and people on board who do not meet the preconditions now. */
async function whatIsWrong(
  client: Queryable,
  movement: LockedMovement,
  input: DepartInput,
): Promise<{ divided: string[]; notToTravel: string[] }> {
  const groups = await readSeatedGroups(client, movement, ['boarded']);
  await lockHouseholds(client, groups.householdIds);
  const { rows } = await client.query<{ household_id: string }>(
    `select j.household_id from seats s join journeys j on j.id = s.journey_id
     where s.movement_id = $1 and s.status in ('reserved', 'checked_in', 'boarded', 'no_show', 'denied', 'offloaded')
     group by j.household_id having bool_or(s.status = 'boarded') and bool_or(s.status <> 'boarded') order by 1`,
    [movement.id],
  );
  const preconditions = await readPreconditionInput(databaseIn(client), groups.journeyIds, {
    at: input.at,
    movementId: movement.id,
  });
  const occasion = occasionOf(movement, input.rules, input.at);
  const aboard = await onBoard(client, movement.id);
  const notToTravel = [...Map.groupBy(preconditions.values(), (person) => person.householdId).values()]
    .flatMap((people) => judgeGroup('board', people, occasion))
    .filter((verdict) => aboard.has(verdict.journeyId) && verdict.own.length + verdict.group.length > 0)
    .map((verdict) => verdict.journeyId);
  return { divided: rows.map((row) => row.household_id), notToTravel };
}

async function onBoard(client: Queryable, movementId: string): Promise<Set<string>> {
  const { rows } = await client.query<{ journey_id: string }>(
    `select journey_id from seats where movement_id = $1 and status = 'boarded'`,
    [movementId],
  );
  return new Set(rows.map((row) => row.journey_id));
}

function say(n: number, one: string, many: string): string | undefined {
  if (n === 0) return undefined;
  return n === 1 ? `1 ${one}` : `${n} ${many}`;
}

/** It departed with somebody who should not travel, or without part of a family: an alarm is raised once. */
async function raiseAlarm(client: Queryable, movement: LockedMovement, detail: object): Promise<void> {
  await client.query(
    `insert into alarms (id, operation_id, subject, kind, detail) values ($1, $2, $3, 'departed_against_preconditions', $4)
     on conflict do nothing`,
    [derivedId('alarm', movement.id, 'departed'), movement.operationId, movement.id, detail],
  );
}

/** Everybody who leaves at this stop has arrived; at the last stop also everybody without an own stop. */
export async function arriveSeats(pool: Pool, input: ArriveInput): Promise<{ alighted: number }> {
  return transaction(pool, async (client) => {
    await lockMovement(client, input.movementId);
    await client.query(
      `update seats set status = 'arrived', status_at = $2, status_by = $3, updated_at = now()
       where movement_id = $1 and status = 'departed'
         and (alight_at = $4 or ($5 and (alight_at is null or not alight_at = any ($6::text[]))))`,
      [input.movementId, iso(input.at), input.actor, input.stop, input.last, input.otherStops],
    );
    const { rows } = await client.query<{ alighted: number }>(
      `select count(*) as alighted from seats where movement_id = $1 and status = 'arrived' and status_at = $2
         and (alight_at = $3 or ($4 and (alight_at is null or not alight_at = any ($5::text[]))))`,
      [input.movementId, iso(input.at), input.stop, input.last, input.otherStops],
    );
    return { alighted: rows[0]?.alighted ?? 0 };
  });
}
