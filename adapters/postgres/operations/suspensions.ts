import type { Pool } from 'pg';
import type { SuspensionOverlap } from '../../../activities/ports.ts';
import { suspensionOverlapOver } from '../../../domain/operations/suspensionOverlap.ts';
import { type Instant, iso } from '../../../domain/time.ts';
import type { Queryable } from '../database.ts';

/**
 * Whether suspension `s` covers journey `j` of person `p` in household `h`: the whole operation, the next leg, the
 * household's site, or the person's nationality.
 */
export const COVERS_JOURNEY = `(
  s.scope_kind = 'all'
  or s.scope_kind = 'site' and s.scope_value = h.site
  or s.scope_kind = 'nationality' and s.scope_value = p.nationality
  or s.scope_kind = 'leg' and s.scope_value = (
    select leg from unnest(j.route) with ordinality as r (leg, position)
     where leg <> all (j.route_done) order by position limit 1))`;

/** A movement is suspended with its leg or its site of departure; a suspension of a nationality does not cover it. */
const COVERS_MOVEMENT = `(
  s.scope_kind = 'all'
  or s.scope_kind = 'leg' and s.scope_value = m.leg
  or s.scope_kind = 'site' and s.scope_value in (m.origin ->> 'name', m.origin ->> 'code'))`;

/**
 * How long the operation was suspended for this subject between `since` and `at`, and whether it still is. The operation
 * itself is suspended only by a suspension of everything.
 */
export async function suspensionOverlap(
  db: Queryable,
  { operationId, subject, at, since }: { operationId: string; subject: string; at: Instant; since: Instant },
): Promise<SuspensionOverlap> {
  const { rows } = await db.query<{ from_at: Date; until_at: Date | null }>({
    name: 'suspensionOverlap',
    text: `select s.from_at, s.until_at
             from suspensions s
             left join journeys j on j.id = $2
             left join households h on h.id = j.household_id
             left join persons p on p.id = j.person_id
             left join movements m on m.id = $2
            where s.operation_id = $1 and s.from_at <= $4 and (s.until_at is null or s.until_at > $3)
              and case when j.id is not null then ${COVERS_JOURNEY}
                       when m.id is not null then ${COVERS_MOVEMENT}
                       else s.scope_kind = 'all' end`,
    values: [operationId, subject, iso(since), iso(at)],
  });
  return suspensionOverlapOver(
    rows.map((row) => ({
      from: row.from_at.getTime(),
      ...(row.until_at === null ? {} : { until: row.until_at.getTime() }),
    })),
    since,
    at,
  );
}

/** The port of RecordActivities over one pool. */
export function suspensionOverlapOf(
  pool: Pool,
): (input: Parameters<typeof suspensionOverlap>[1]) => Promise<SuspensionOverlap> {
  return (input) => suspensionOverlap(pool, input);
}
