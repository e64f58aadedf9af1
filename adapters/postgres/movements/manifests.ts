import { type RawBuilder, sql } from 'kysely';
import type { ManifestEntry, MovementReads } from '../../../application/movements/reads.ts';
import type {
  Candidate,
  CandidateMember,
  LockedMovement,
  Position,
  SeatTransaction,
} from '../../../application/movements/seats.ts';
import { iso } from '../../../domain/time.ts';
import { anyOf, type Db, instant, json } from '../database.ts';

type Calls = 'candidates' | 'candidateMembers' | 'outcome' | 'refuse' | 'refuseAfter' | 'forgetRefusals';

const FIRST: Position = [-2_147_483_648, '-infinity', ''];

/**
 * Households whose open members all need this leg next and are ready by the projections. Their journeys have no seat,
 * and this movement has not denied them.
 */
function candidatesAfter(
  { id, operationId, leg }: LockedMovement,
  [priority, requestedAt, household] = FIRST,
): RawBuilder<unknown> {
  return sql`
    select h.id, h.priority, h.requested_at, h.head_nationality
    from households h
    where h.operation_id = ${operationId}
      and (h.priority, h.requested_at, h.id) > (${priority}::integer, ${requestedAt}::timestamptz, ${household}::text)
      and exists (select from journeys j where j.household_id = h.id and j.ending is null and j.next_leg = ${leg}::text)
      and not exists (
        select from journeys j where j.household_id = h.id and j.ending is null and not ${leg} = any(j.route_done) and (
          j.travel <> 'none' or j.next_leg is distinct from ${leg} or j.identity <> 'confirmed' or j.screening <> 'done'
          or j.consent <> 'given' or j.fitness not in ('fit', 'fit_with') or j.household_open))
      and not exists (
        select from seats s join journeys j on j.id = s.journey_id join movements m on m.id = s.movement_id
        where j.household_id = h.id and (s.status in ('reserved', 'checked_in', 'boarded', 'departed')
          or (s.status = 'arrived' and m.leg = ${leg} and not ${leg} = any(j.route_done))
          or (s.movement_id = ${id} and s.status in ('no_show', 'denied', 'offloaded'))))
    order by h.priority, h.requested_at, h.id`;
}

/** Households that want seats of a movement, and those that are refused. */
export function candidatesOf(tx: Db, movement: LockedMovement): Pick<SeatTransaction, Calls> {
  const { id: movementId, leg } = movement;
  return {
    async candidates(after, limit) {
      const { rows } = await sql<Omit<Candidate, 'position'> & { exactly: string }>`
        select c.id, c.priority, c.head_nationality, c.requested_at::text as exactly,
          (extract(epoch from c.requested_at) * 1000)::float8 as requested_at
        from (${candidatesAfter(movement, after)} limit ${limit}) c`.execute(tx);
      return rows.map(({ exactly, ...row }) => ({ ...row, position: [row.priority, exactly, row.id] }));
    },

    async candidateMembers(householdIds) {
      const { rows } = await sql<CandidateMember>`
        select j.id as journey_id, j.household_id, j.is_head, j.travel, j.next_leg, j.route_decided, j.verified_state,
          exists (select from seats s where s.person_id = j.person_id
            and s.status in ('reserved', 'checked_in', 'boarded', 'departed')) as seated
        from journeys j
        where j.household_id = ${anyOf(householdIds)} and j.ending is null and not ${leg} = any(j.route_done)
        order by j.id`.execute(tx);
      return rows;
    },

    outcome: () =>
      tx
        .selectFrom('movements')
        .select('overCapacity')
        .select((eb) =>
          eb
            .selectFrom('allocationRefusals')
            .select((r) => r.cast<number>(r.fn.countAll(), 'integer').as('n'))
            .where('movementId', '=', movementId)
            .$asScalar()
            .$notNull()
            .as('refused'),
        )
        .where('id', '=', movementId)
        .executeTakeFirstOrThrow(),

    async refuse(refused, at) {
      if (refused.length === 0) return;
      const rows = refused.map(({ householdId: household, reasons }) => ({ household, reasons }));
      await sql`
        insert into allocation_refusals (movement_id, household_id, reasons, at)
        select ${movementId}, n.household, n.reasons, ${iso(at)}::timestamptz
        from jsonb_to_recordset(${json(rows)}) as n (household text, reasons jsonb)
        ${REPLACED}`.execute(tx);
    },

    async refuseAfter(after, reasons, at) {
      const { forHouseholdsOf } = movement.lists;
      await sql`
        insert into allocation_refusals (movement_id, household_id, reasons, at)
        select ${movementId}, c.id, ${json(reasons)}, ${iso(at)}::timestamptz
        from (${candidatesAfter(movement, after)}) c
        where ${forHouseholdsOf}::text[] is null or c.head_nationality = any(${forHouseholdsOf}::text[])
        ${REPLACED}`.execute(tx);
    },

    async forgetRefusals({ households, notAt }) {
      let query = tx.deleteFrom('allocationRefusals').where('movementId', '=', movementId);
      if (households) query = query.where('householdId', '=', anyOf(households));
      if (notAt !== undefined) query = query.where('at', '<>', new Date(notAt));
      await query.execute();
    },
  };
}

const REPLACED = sql`on conflict (movement_id, household_id) do update set reasons = excluded.reasons, at = excluded.at`;

/** The people who hold a seat, as versions. */
export function manifestsOf(tx: Db, movementId: string): Pick<SeatTransaction, 'writeManifest' | 'endManifest'> {
  return {
    async writeManifest({ version, rulesVersion, actor, at }) {
      await tx
        .insertInto('manifests')
        .values({ movementId, version, status: 'locked', rulesVersion, lockedBy: actor.id, at: new Date(at) })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      // By priority, with households together and the head first.
      await sql`
        insert into manifest_entries (movement_id, version, position, person_id, household_id, kind)
        select s.movement_id, ${version}, row_number() over (order by h.priority, h.requested_at, h.id, j.is_head desc, j.id),
          s.person_id, j.household_id, s.kind
        from seats s join journeys j on j.id = s.journey_id join households h on h.id = j.household_id
        where s.movement_id = ${movementId} and s.status <> 'released'
          and not exists (select from manifest_entries where movement_id = ${movementId} and version = ${version})`.execute(
        tx,
      );
      await tx
        .updateTable('manifests')
        .set({ status: 'void' })
        .where('movementId', '=', movementId)
        .where('version', '<', version)
        .execute();
      const { people } = await tx
        .selectFrom('manifestEntries')
        .select((eb) => eb.cast<number>(eb.fn.countAll(), 'integer').as('people'))
        .where('movementId', '=', movementId)
        .where('version', '=', version)
        .executeTakeFirstOrThrow();
      return { version, people };
    },

    async endManifest(end) {
      let query = tx.updateTable('manifests').set({ status: end }).where('movementId', '=', movementId);
      if (end === 'final') {
        const last = sql<number>`(select max(version) from manifests where movement_id = ${movementId})`;
        query = query.where('status', '=', 'locked').where('version', '=', last);
      }
      await query.execute();
    },
  };
}

export async function readManifest(db: Db, id: string, version: number): ReturnType<MovementReads['manifest']> {
  if (version === 0) {
    const { rows: entries } = await sql<ManifestEntry>`
      select (row_number() over (order by h.priority, h.requested_at, h.id, s.journey_id))::integer as position,
        s.person_id, s.journey_id, s.household_id, h.reference, s.kind, s.status
      from seats s join households h on h.id = s.household_id
      where s.movement_id = ${id} and s.status <> 'released' order by 1`.execute(db);
    return { version, status: 'draft', at: null, entries };
  }
  const head = await db
    .selectFrom('manifests')
    .select((eb) => ['version', 'status', instant(eb, 'at')])
    .where('movementId', '=', id)
    .where('version', '=', version)
    .executeTakeFirst();
  if (!head) return undefined;
  const { rows: entries } = await sql<ManifestEntry>`
    select e.position, e.person_id, s.journey_id, e.household_id, h.reference, e.kind, s.status
    from manifest_entries e join households h on h.id = e.household_id
    left join lateral (select journey_id, status from seats
      where movement_id = e.movement_id and person_id = e.person_id order by reserved_at desc limit 1) s on true
    where e.movement_id = ${id} and e.version = ${version} order by e.position`.execute(db);
  return { ...head, entries };
}
