import { type RawBuilder, sql } from 'kysely';
import type { EndPorts, OperationSteps, Suspended } from '../../../application/operations/conduct.ts';
import type { Unfinished } from '../../../domain/operations/commands/lifecycle.ts';
import type { Lapsed } from '../../../domain/operations/events.ts';
import type { Interval } from '../../../domain/operations/suspensionOverlap.ts';
import { type Db, instant } from '../database.ts';

/**
 * Whether suspension `s` covers journey `j` of person `p` in household `h`: the whole operation, the next leg, the
 * household's site, or the person's nationality.
 */
const COVERS_JOURNEY = sql<boolean>`(
  s.scope_kind = 'all'
  or s.scope_kind = 'site' and s.scope_value = h.site
  or s.scope_kind = 'nationality' and s.scope_value = p.nationality
  or s.scope_kind = 'leg' and s.scope_value = (
    select leg from unnest(j.route) with ordinality as r (leg, position)
     where leg <> all (j.route_done) order by position limit 1))`;

/** A movement is suspended with its leg or its site of departure; a suspension of a nationality does not cover it. */
const COVERS_MOVEMENT = sql<boolean>`(
  s.scope_kind = 'all'
  or s.scope_kind = 'leg' and s.scope_value = m.leg
  or s.scope_kind = 'site' and s.scope_value in (m.origin ->> 'name', m.origin ->> 'code'))`;

/** Suspensions that cover the subject. */
export const suspensionsOn = (db: Db) => ({
  suspensionsOf: async ({ operationId, subject, since, at }: Suspended): Promise<Interval[]> => {
    const rows = await db
      .selectFrom('suspensions as s')
      .leftJoin('journeys as j', (on) => on.on('j.id', '=', subject))
      .leftJoin('households as h', 'h.id', 'j.householdId')
      .leftJoin('persons as p', 'p.id', 'j.personId')
      .leftJoin('movements as m', (on) => on.on('m.id', '=', subject))
      .select((eb) => [instant(eb, 's.fromAt'), instant(eb, 's.untilAt')])
      .where('s.operationId', '=', operationId)
      .where('s.fromAt', '<=', new Date(at))
      .where((eb) => eb.or([eb('s.untilAt', 'is', null), eb('s.untilAt', '>', new Date(since))]))
      .where(
        sql<boolean>`case when j.id is not null then ${COVERS_JOURNEY}
                          when m.id is not null then ${COVERS_MOVEMENT}
                          else s.scope_kind = 'all' end`,
      )
      .execute();
    return rows.map(({ fromAt, untilAt }) => ({ from: fromAt, until: untilAt ?? undefined }));
  },
});

export function operationStepsOn(db: Db): OperationSteps & EndPorts {
  return {
    transaction: (work) =>
      db.transaction().execute((tx) =>
        work({
          // Registration holds a share lock on this row.
          async lock(id) {
            await tx.selectFrom('operations').select('id').where('id', '=', id).forUpdate().execute();
          },
          unfinished: (id) => countUnfinished(tx, id),
          stopRegistration: ({ operationId }) => stopRegistration(tx, operationId),
        }),
      ),

    nameLeads: ({ operationId, governmentRequestRef, leads }) =>
      db.transaction().execute(async (tx) => {
        await tx.updateTable('operations').set({ governmentRequestRef }).where('id', '=', operationId).execute();
        for (const [area, principal] of Object.entries(leads)) {
          await tx
            .insertInto('operationLeads')
            .values({ operationId, area, principal })
            .onConflict((on) => on.columns(['operationId', 'area']).doUpdateSet({ principal }))
            .execute();
        }
      }),

    async openSuspension({ suspensionId, at, ...suspension }) {
      await db
        .insertInto('suspensions')
        .values({ ...suspension, id: suspensionId, fromAt: new Date(at) })
        .onConflict((on) => on.column('id').doNothing())
        .execute();
    },

    closeSuspension: ({ operationId, suspensionId, at, consentMaxAge }) =>
      db.transaction().execute(async (tx) => {
        const end = new Date(at);
        await tx
          .updateTable('suspensions')
          .set((eb) => ({ untilAt: eb.fn<Date>('greatest', ['fromAt', eb.val(end)]) }))
          .where('id', '=', suspensionId)
          .where('operationId', '=', operationId)
          .where('untilAt', 'is', null)
          .execute();
        return countLapsed(tx, operationId, suspensionId, end, new Date(at - consentMaxAge));
      }),

    async setPhase({ operationId, area, phase }) {
      await db
        .insertInto('operationPhases')
        .values({ operationId, area, phase })
        .onConflict((on) => on.columns(['operationId', 'area']).doUpdateSet({ phase }))
        .execute();
    },

    stopRegistration: ({ operationId }) => stopRegistration(db, operationId),
  };
}

async function stopRegistration(db: Db, operationId: string): Promise<void> {
  await db.updateTable('operations').set({ registrationOpen: false }).where('id', '=', operationId).execute();
}

/** The people in the scope of a suspension whose consent, finding or document has lapsed at its end. */
async function countLapsed(
  db: Db,
  operationId: string,
  suspensionId: string,
  end: Date,
  consentAfter: Date,
): Promise<Lapsed> {
  const { rows } = await sql<Lapsed>`
    select count(*) filter (where j.consent = 'given' and j.consent_confirmed_at < ${consentAfter})::int as consent,
           count(*) filter (where j.fitness in ('fit', 'fit_with') and j.fitness_until < ${end}
                               or j.fitness = 'expired')::int as fitness,
           count(*) filter (where j.document in ('held', 'issued') and j.document_valid_until < ${end}
                               or j.document = 'expired')::int as document
      from journeys j
      join households h on h.id = j.household_id
      join persons p on p.id = j.person_id
      join suspensions s on s.id = ${suspensionId}
     where j.operation_id = ${operationId} and j.ending is null and j.arrived_at is null and ${COVERS_JOURNEY}`.execute(
    db,
  );
  return rows[0] ?? { consent: 0, fitness: 0, document: 0 };
}

/** Statuses of a movement without further work. */
const MOVEMENT_OVER = ['reconciled', 'closed', 'cancelled'];

/** People whose journey has no ending, by status, and movements that are not over, by status. */
async function countUnfinished(db: Db, operationId: string): Promise<Unfinished> {
  const counted = async (from: RawBuilder<unknown>): Promise<Record<string, number>> => {
    const { rows } = await sql<{ status: string; count: number }>`
      select status, count(*)::int as count from ${from} group by status`.execute(db);
    return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
  };
  return {
    people: await counted(sql`journeys where operation_id = ${operationId} and ending is null`),
    movements: await counted(
      sql`movements where operation_id = ${operationId} and status <> all (${MOVEMENT_OVER}::text[])`,
    ),
  };
}
