import type { Pool } from 'pg';
import type { ReleaseInput, ReleaseResult, Transaction } from '../../../activities/movements.ts';
import { iso } from '../../../domain/time.ts';
import { transaction } from '../database.ts';
import { writeManifest } from './manifests.ts';
import { lockHouseholds, lockMovement, releaseSeats } from './movements.ts';

/**
 * Releases the seats of a household; its priority and date of request stay. After the lock a next version of the
 * manifest is written without it, so that nobody boards with an old list.
 */
export async function releaseHousehold(pool: Pool, input: ReleaseInput): Promise<ReleaseResult> {
  return transaction(pool, async (client) => {
    const movement = await lockMovement(client, input.movementId);
    await lockHouseholds(client, [input.householdId]);
    const { rows } = await client.query<{ id: string; status: string; now: boolean }>(
      `select s.id, s.status, s.status = 'released' and s.status_at = $3 as now
       from seats s join journeys j on j.id = s.journey_id
       where s.movement_id = $1 and j.household_id = $2 order by s.id`,
      [movement.id, input.householdId, iso(input.at)],
    );
    const leaving = rows.filter((row) => row.status === 'reserved' || row.status === 'checked_in').map((row) => row.id);
    await releaseSeats(client, leaving, input, input.reasonCode);
    const people = leaving.length + rows.filter((row) => row.now).length;
    const aboard = rows.filter((row) => row.status === 'boarded').length;
    if (people === 0 || !input.amend) return { people, aboard };
    return { people, aboard, amended: await writeManifest(client, { ...input, ...input.amend }) };
  });
}

/** The movement is cancelled: its seats are free and its manifests void. Nobody loses their place in the order. */
export async function releaseAll(
  pool: Pool,
  input: Transaction & { reasonCode: string },
): Promise<{ released: number }> {
  return transaction(pool, async (client) => {
    const movement = await lockMovement(client, input.movementId);
    const { rows: groups } = await client.query<{ household_id: string }>(
      `select distinct j.household_id from seats s join journeys j on j.id = s.journey_id
       where s.movement_id = $1 and s.status in ('reserved', 'checked_in', 'boarded')`,
      [movement.id],
    );
    await lockHouseholds(
      client,
      groups.map((group) => group.household_id),
    );
    await client.query(
      `update seats set status = 'released', reason_code = $2, status_at = $3, status_by = $4, updated_at = now()
       where movement_id = $1 and status in ('reserved', 'checked_in', 'boarded')`,
      [movement.id, input.reasonCode, iso(input.at), input.actor],
    );
    await client.query(`update manifests set status = 'void' where movement_id = $1`, [movement.id]);
    await client.query('delete from allocation_refusals where movement_id = $1', [movement.id]);
    const { rows } = await client.query<{ released: number }>(
      `select count(*) as released from seats where movement_id = $1 and status = 'released' and status_at = $2 and reason_code = $3`,
      [movement.id, iso(input.at), input.reasonCode],
    );
    return { released: rows[0]?.released ?? 0 };
  });
}
