import { type RawBuilder, sql } from 'kysely';
import type {
  Candidate,
  CandidateMember,
  LockedMovement,
  Position,
  SeatTransaction,
} from '../../../application/movements/seats.ts';
import { iso } from '../../../domain/time.ts';
import { anyOf, type Db, json } from '../database.ts';

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
