import type { Pool } from 'pg';
import type { LockInput, LockResult, Transaction } from '../../../activities/movements.ts';
import { judgeGroup, neutralReasons } from '../../../domain/movements/householdGroup.ts';
import { iso } from '../../../domain/time.ts';
import { databaseIn, type Queryable, transaction } from '../database.ts';
import { readPreconditionInput } from '../preconditionInput.ts';
import { countSeats, lockHouseholds, lockMovement, NOT_TRAVELLING, occasionOf, releaseSeats } from './movements.ts';
import { readSeatedGroups, writeRefusals } from './seatedGroups.ts';

/**
 * Locks the manifest under a version. Everybody with a seat must meet the preconditions of `lock` with fresh data;
 * otherwise the household loses its seats as a whole, with reasons that everybody may read. A version is written once: a
 * repeated transaction finds its own.
 */
export async function lockManifest(pool: Pool, input: LockInput): Promise<LockResult> {
  return transaction(pool, async (client) => {
    const movement = await lockMovement(client, input.movementId);
    if (movement.overCapacity) return { outcome: 'over_capacity' };
    const groups = await readSeatedGroups(client, movement, ['reserved', 'checked_in']);
    await lockHouseholds(client, groups.householdIds);
    const preconditions = await readPreconditionInput(databaseIn(client), groups.journeyIds, {
      at: input.at,
      movementId: movement.id,
    });
    const occasion = occasionOf(movement, input.rules, input.at);
    const failing = [...Map.groupBy(preconditions.values(), (person) => person.householdId)].flatMap(
      ([householdId, people]) => {
        const reasons = neutralReasons(
          judgeGroup('lock', people, occasion).flatMap(({ own, group }) => [...own, ...group]),
        );
        return reasons.length > 0 ? [{ householdId, reasons }] : [];
      },
    );
    const { rows: leaving } = await client.query<{ id: string }>(
      `select s.id from seats s join journeys j on j.id = s.journey_id
       where s.movement_id = $1 and j.household_id = any ($2::text[]) order by s.id`,
      [movement.id, failing.map((group) => group.householdId)],
    );
    await releaseSeats(
      client,
      leaving.map((seat) => seat.id),
      input,
      NOT_TRAVELLING,
    );
    await writeRefusals(client, movement.id, input, failing);
    const released = await releasedBy(client, input);
    if ((await countSeats(client, movement.id)).people === 0) return { outcome: 'nobody', released };
    const { people } = await writeManifest(client, { ...input, rulesVersion: input.rules.version });
    return { outcome: 'locked', version: input.version, people, released };
  });
}

async function releasedBy(client: Queryable, { movementId, at }: LockInput): Promise<string[]> {
  const { rows } = await client.query<{ household_id: string }>(
    `select distinct j.household_id from seats s join journeys j on j.id = s.journey_id
     where s.movement_id = $1 and s.status = 'released' and s.status_at = $2 and s.reason_code = $3 order by 1`,
    [movementId, iso(at), NOT_TRAVELLING],
  );
  return rows.map((row) => row.household_id);
}

/**
 * Writes the people who hold a seat as one version of the manifest, by priority, with households together and the head
 * first. Earlier versions become void. An existing version stays unchanged.
 */
export async function writeManifest(
  client: Queryable,
  input: Transaction & { version: number; rulesVersion: number },
): Promise<{ version: number; people: number }> {
  await client.query(
    `insert into manifests (movement_id, version, status, rules_version, locked_by, at)
     values ($1, $2, 'locked', $3, $4, $5) on conflict do nothing`,
    [input.movementId, input.version, input.rulesVersion, input.actor.id, iso(input.at)],
  );
  await client.query(
    `insert into manifest_entries (movement_id, version, position, person_id, household_id, kind)
     select s.movement_id, $2, row_number() over (order by h.priority, h.requested_at, h.id, j.is_head desc, j.id),
       s.person_id, j.household_id, s.kind
     from seats s join journeys j on j.id = s.journey_id join households h on h.id = j.household_id
     where s.movement_id = $1 and s.status <> 'released'
       and not exists (select from manifest_entries where movement_id = $1 and version = $2)`,
    [input.movementId, input.version],
  );
  await client.query(`update manifests set status = 'void' where movement_id = $1 and version < $2`, [
    input.movementId,
    input.version,
  ]);
  const { rows } = await client.query<{ people: number }>(
    'select count(*) as people from manifest_entries where movement_id = $1 and version = $2',
    [input.movementId, input.version],
  );
  return { version: input.version, people: rows[0]?.people ?? 0 };
}

/** The list at departure. */
export async function finishManifest(client: Queryable, movementId: string): Promise<void> {
  await client.query(
    `update manifests set status = 'final' where movement_id = $1
       and version = (select max(version) from manifests where movement_id = $1) and status = 'locked'`,
    [movementId],
  );
}
