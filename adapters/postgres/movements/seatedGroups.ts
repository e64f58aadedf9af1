import type { Transaction } from '../../../activities/movements.ts';
import type { NeutralReason } from '../../../domain/movements/householdGroup.ts';
import { iso } from '../../../domain/time.ts';
import type { Queryable } from '../database.ts';
import { HELD, type LockedMovement } from './movements.ts';

/** The households without a seat, with reasons that everybody may read. */
export async function writeRefusals(
  client: Queryable,
  movementId: string,
  { at }: Pick<Transaction, 'at'>,
  refused: ReadonlyArray<{ householdId: string; reasons: NeutralReason[] }>,
): Promise<void> {
  if (refused.length === 0) return;
  await client.query(
    `insert into allocation_refusals (movement_id, household_id, reasons, at)
     select $1, n.household, n.reasons, $2::timestamptz from unnest($3::text[], $4::jsonb[]) as n (household, reasons)
     on conflict (movement_id, household_id) do update set reasons = excluded.reasons, at = excluded.at`,
    [
      movementId,
      iso(at),
      refused.map((group) => group.householdId),
      refused.map((group) => JSON.stringify(group.reasons)),
    ],
  );
}

/** Ids of everybody to judge with those who hold a seat here: open members of their households who still need the leg. */
export async function readSeatedGroups(
  client: Queryable,
  movement: LockedMovement,
  statuses: readonly string[] = HELD,
): Promise<{ journeyIds: string[]; householdIds: string[] }> {
  const { rows } = await client.query<{ id: string; household_id: string }>(
    `with groups as (
       select distinct j.household_id from seats s join journeys j on j.id = s.journey_id
       where s.movement_id = $1 and s.status = any ($3::text[]))
     select j.id, j.household_id from journeys j join groups u on u.household_id = j.household_id
     where (j.ending is null and $2 = any (j.route) and not $2 = any (j.route_done))
        or exists (select from seats s where s.movement_id = $1 and s.journey_id = j.id and s.status = any ($3::text[]))
     order by j.id`,
    [movement.id, movement.leg, statuses],
  );
  return { journeyIds: rows.map((row) => row.id), householdIds: [...new Set(rows.map((row) => row.household_id))] };
}
