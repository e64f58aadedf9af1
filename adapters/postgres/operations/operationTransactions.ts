import type { Pool } from 'pg';
import type { OperationActivities } from '../../../activities/operations.ts';
import type { Unfinished } from '../../../domain/operations/commands/lifecycle.ts';
import type { Lapsed } from '../../../domain/operations/events.ts';
import { iso } from '../../../domain/time.ts';
import { type Queryable, transaction } from '../database.ts';
import { COVERS_JOURNEY } from './suspensions.ts';

/** The transactions of an operation on PostgreSQL. Each is idempotent. */
export function operationTransactions(pool: Pool): OperationActivities {
  return {
    nameLeads: ({ operationId, governmentRequestRef, leads }) =>
      transaction(pool, async (client) => {
        await client.query('update operations set government_request_ref = $2 where id = $1', [
          operationId,
          governmentRequestRef,
        ]);
        await client.query(
          `insert into operation_leads (operation_id, area, principal)
           select $1, area, principal from unnest($2::text[], $3::text[]) as lead (area, principal)
           on conflict (operation_id, area) do update set principal = excluded.principal`,
          [operationId, Object.keys(leads), Object.values(leads)],
        );
      }),

    async openSuspension({ operationId, suspensionId, scopeKind, scopeValue, at, reasonCode }) {
      await pool.query(
        `insert into suspensions (id, operation_id, scope_kind, scope_value, from_at, reason_code)
         values ($1, $2, $3, $4, $5, $6) on conflict (id) do nothing`,
        [suspensionId, operationId, scopeKind, scopeValue ?? null, iso(at), reasonCode],
      );
    },

    closeSuspension: ({ operationId, suspensionId, at, consentMaxAge }) =>
      transaction(pool, async (client) => {
        await client.query(
          `update suspensions set until_at = greatest(from_at, $3)
            where id = $1 and operation_id = $2 and until_at is null`,
          [suspensionId, operationId, iso(at)],
        );
        return countLapsed(client, operationId, suspensionId, iso(at), iso(at - consentMaxAge));
      }),

    async setPhase({ operationId, area, phase }) {
      await pool.query(
        `insert into operation_phases (operation_id, area, phase) values ($1, $2, $3)
         on conflict (operation_id, area) do update set phase = excluded.phase`,
        [operationId, area, phase],
      );
    },

    async stopRegistration({ operationId }) {
      await pool.query('update operations set registration_open = false where id = $1', [operationId]);
    },

    beginEnd: ({ operationId }) =>
      transaction(pool, async (client) => {
        // registration holds a share lock on this row, so nobody is registered between the count and the closing
        await client.query('select 1 from operations where id = $1 for update', [operationId]);
        const unfinished = await countUnfinished(client, operationId);
        if (Object.keys(unfinished.people).length === 0 && Object.keys(unfinished.movements).length === 0) {
          await client.query('update operations set registration_open = false where id = $1', [operationId]);
        }
        return unfinished;
      }),
  };
}

/** The people in the scope of a suspension whose consent, finding or document has lapsed at its end. */
async function countLapsed(
  db: Queryable,
  operationId: string,
  suspensionId: string,
  at: string,
  consentAfter: string,
): Promise<Lapsed> {
  const { rows } = await db.query<Lapsed>(
    `select count(*) filter (where j.consent = 'given' and j.consent_confirmed_at < $4)::int as consent,
            count(*) filter (where j.fitness in ('fit', 'fit_with') and j.fitness_until < $3
                                or j.fitness = 'expired')::int as fitness,
            count(*) filter (where j.document in ('held', 'issued') and j.document_valid_until < $3
                                or j.document = 'expired')::int as document
       from journeys j
       join households h on h.id = j.household_id
       join persons p on p.id = j.person_id
       join suspensions s on s.id = $2
      where j.operation_id = $1 and j.ending is null and j.arrived_at is null and ${COVERS_JOURNEY}`,
    [operationId, suspensionId, at, consentAfter],
  );
  return rows[0] ?? { consent: 0, fitness: 0, document: 0 };
}

/** Statuses of a movement without further work. */
const MOVEMENT_OVER = ['reconciled', 'closed', 'cancelled', 'ABORTED'];

/** People whose journey has no ending, by status, and movements that are not over, by status. */
async function countUnfinished(db: Queryable, operationId: string): Promise<Unfinished> {
  const people = await db.query<{ key: string; count: number }>(
    `select status as key, count(*)::int as count from journeys
      where operation_id = $1 and ending is null group by status`,
    [operationId],
  );
  const movements = await db.query<{ key: string; count: number }>(
    `select status as key, count(*)::int as count from movements
      where operation_id = $1 and status <> all ($2) group by status`,
    [operationId, MOVEMENT_OVER],
  );
  const byKey = ({ rows }: { rows: Array<{ key: string; count: number }> }): Record<string, number> =>
    Object.fromEntries(rows.map(({ key, count }) => [key, count]));
  return { people: byKey(people), movements: byKey(movements) };
}
