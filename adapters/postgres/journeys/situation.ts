import type { Pool } from 'pg';
import type { Role } from '../../../domain/actor.ts';
import type { JourneyStatus } from '../../../domain/journeys/statuses.ts';
import type { SituationInput } from '../../../domain/messages/situation.ts';
import { STILL_TO_LEAVE } from '../../../domain/movements/state.ts';
import { type Instant, iso } from '../../../domain/time.ts';
import { displayNames } from './now.ts';

/** How many groups of waits are listed. */
const LONGEST = 20;

/** The people of an operation by status, from maintained counts; no query counts journeys one by one. */
export function createSituation(pool: Pool) {
  return {
    async input(operationId: string, now: Instant): Promise<SituationInput> {
      const [statuses, completed, waits, decisions, movement, late] = await Promise.all([
        pool.query<{ status: JourneyStatus; people: number }>(
          'select status, sum(people)::integer as people from status_counts where operation_id = $1 group by status',
          [operationId],
        ),
        pool.query<{ n: number }>(
          "select count(*)::integer as n from journeys where operation_id = $1 and status = 'closed' and ending = 'completed'",
          [operationId],
        ),
        pool.query<{ whom_kind: string; whom: string; what: string; waiting: number; overdue: number; oldest: Date }>(
          `select whom_kind, whom, what, count(*)::integer as waiting, (count(*) filter (where due <= $2))::integer as overdue, min(since) as oldest
             from waits where operation_id = $1 and blocks group by whom_kind, whom, what
            order by (count(*) filter (where due <= $2)) desc, min(since) limit ${LONGEST}`,
          [operationId, iso(now)],
        ),
        pool.query<{ role: Role; kind: string; count: number }>(
          "select role, kind, count(*)::integer as count from tasks where operation_id = $1 and status = 'open' group by role, kind order by 3 desc, 1, 2",
          [operationId],
        ),
        pool.query<{ reference: string; departs_at: Date; empty: number; ready: number }>(
          `select m.reference, m.departs_at, greatest(0, m.seat_capacity - m.seats_taken) as empty,
                  (select count(*)::integer from journeys j where j.operation_id = m.operation_id and j.status = 'travel_ready' and j.next_leg = m.status) as ready
             from movements m
            where m.operation_id = $1 and m.status = any($3) and m.departs_at > $2
            order by m.departs_at, m.id limit 1`,
          [operationId, iso(now), STILL_TO_LEAVE],
        ),
        pool.query<{ worst: number; escalationSteps: number }>(
          'select coalesce(max(seconds), 0) as worst, count(*)::integer as "escalationSteps" from lateness where operation_id = $1',
          [operationId],
        ),
      ]);
      const next = movement.rows[0];
      return {
        now,
        byStatus: new Map(statuses.rows.map(({ status, people }) => [status, people])),
        completed: completed.rows[0]?.n ?? 0,
        lateness: {
          worstSeconds: Math.max(0, late.rows[0]?.worst ?? 0),
          escalationSteps: late.rows[0]?.escalationSteps ?? 0,
        },
        waits: waits.rows.map((row) => ({
          whom: { kind: row.whom_kind, id: row.whom } as SituationInput['waits'][number]['whom'],
          what: row.what as SituationInput['waits'][number]['what'],
          waiting: row.waiting,
          overdue: row.overdue,
          oldestSince: row.oldest.getTime(),
        })),
        decisions: decisions.rows,
        ...(next
          ? {
              nextMovement: {
                reference: next.reference,
                departsAt: next.departs_at.getTime(),
                emptySeats: next.empty,
                readyWithoutSeat: next.ready,
              },
            }
          : {}),
        names: await displayNames(
          pool,
          waits.rows.map(({ whom }) => whom),
        ),
      };
    },

    /** For metrics: open waits of journeys in running operations by status and kind of whom, and the oldest of each. */
    async waiting(): Promise<
      Array<{ operationId: string; status: string; whomKind: string; people: number; oldestSince: Instant }>
    > {
      const { rows } = await pool.query<{
        operation_id: string;
        status: string;
        kind: string;
        people: number;
        oldest: Date;
      }>(
        `select j.operation_id, j.status, coalesce(p.kind, w.whom_kind) as kind, count(distinct j.id)::integer as people, min(w.since) as oldest
           from waits w join journeys j on j.id = w.subject left join partners p on p.id = w.whom
          where w.blocks group by 1, 2, 3`,
      );
      return rows.map((row) => ({
        operationId: row.operation_id,
        status: row.status,
        whomKind: row.kind,
        people: row.people,
        oldestSince: row.oldest.getTime(),
      }));
    },

    /** For metrics: pending starts over all operations, and how long the oldest has waited. */
    async startsWaiting(): Promise<{ count: number; oldestSeconds: number }> {
      const { rows } = await pool.query<{ count: number; oldest: number }>(
        `select count(*)::integer as count, coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as oldest
           from pending_starts where started_at is null`,
      );
      return { count: rows[0]?.count ?? 0, oldestSeconds: rows[0]?.oldest ?? 0 };
    },

    /** Whether the database answers. */
    async answers(): Promise<boolean> {
      try {
        await pool.query('select 1');
        return true;
      } catch {
        return false;
      }
    },
  };
}

export type SituationReads = ReturnType<typeof createSituation>;
