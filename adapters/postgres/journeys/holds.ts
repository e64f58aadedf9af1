import type { Pool } from 'pg';
import { HOLD_RULES, type HoldType, SETTLED_BY_HOLDS, type Settlement } from '../../../domain/holds.ts';
import { type Instant, iso } from '../../../domain/time.ts';
import { type Queryable, transaction } from '../database.ts';

export type Hold = {
  id: string;
  journeyId: string;
  type: HoldType;
  status: 'raising' | 'active' | 'released' | 'void';
  raisedBy: string;
  raisedAt: Instant;
  firstApprovalBy: string | null;
  releasedBy: string | null;
  releasedAt: Instant | null;
  noteId: string | null;
};

type NewHold = {
  id: string;
  journeyId: string;
  operationId: string;
  type: HoldType;
  noteId?: string;
  raisedBy: string;
  raisedAt: Instant;
};

/** Rows of holds. Only these hold the kind; workflows have an opaque id. */
export function createHolds(pool: Pool) {
  return {
    /** The row blocks from this moment, before the workflow has confirmed it. Idempotent by id. */
    raise: (hold: NewHold): Promise<void> => insertHold(pool, hold),

    /** The workflow refused the hold: it was never valid. */
    async voidRaised(id: string): Promise<void> {
      await transaction(pool, (client) => voidHold(client, id));
    },

    async read(id: string): Promise<Hold | undefined> {
      const { rows } = await pool.query<HoldRow>(`select ${COLUMNS} from holds where id = $1`, [id]);
      return rows[0] && holdOf(rows[0]);
    },

    /** All holds of a journey, oldest first. */
    async ofJourney(journeyId: string): Promise<Hold[]> {
      const { rows } = await pool.query<HoldRow>(
        `select ${COLUMNS} from holds where journey_id = $1 order by raised_at, id`,
        [journeyId],
      );
      return rows.map(holdOf);
    },

    /**
     * Records an approval of the release. `second`: another person approved before, so the hold may be released.
     * The same person twice stays `first`.
     */
    async approve(id: string, by: string, reference: string): Promise<'first' | 'second'> {
      const { rows } = await pool.query<{ first_approval_by: string }>(
        `update holds set first_approval_by = coalesce(first_approval_by, $2), release_reference = coalesce(release_reference, $3)
          where id = $1 and status = 'active' returning first_approval_by`,
        [id, by, reference],
      );
      return rows[0] && rows[0].first_approval_by !== by ? 'second' : 'first';
    },

    async noteReference(id: string, reference: string): Promise<void> {
      await pool.query("update holds set release_reference = $2 where id = $1 and status = 'active'", [id, reference]);
    },
  };
}

export type Holds = ReturnType<typeof createHolds>;

/** See `raise`; inside the caller's transaction. */
export async function insertHold(db: Queryable, hold: NewHold): Promise<void> {
  const { blocks } = HOLD_RULES[hold.type];
  await db.query(
    `insert into holds (id, journey_id, operation_id, type, blocks_disclosure, blocks_seat, blocks_boarding, reason_note_id, raised_by, raised_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (id) do nothing`,
    [
      hold.id,
      hold.journeyId,
      hold.operationId,
      hold.type,
      blocks.disclosure,
      blocks.seat,
      blocks.boarding,
      hold.noteId ?? null,
      hold.raisedBy,
      iso(hold.raisedAt),
    ],
  );
}

/** A hold that no workflow knows yet never held; whoever waits for its end waits no more. */
export async function voidHold(client: Queryable, id: string): Promise<void> {
  const { rowCount } = await client.query("update holds set status = 'void' where id = $1 and status = 'raising'", [
    id,
  ]);
  if (rowCount !== 1) return;
  await client.query('select settle_tasks($1::jsonb)', [JSON.stringify(settlementsOfHold(id, SETTLED_BY_HOLDS))]);
}

/** What settle_tasks is handed when a hold is released or void. @param at operation time; real time when left out */
export const settlementsOfHold = (
  holdId: string,
  settlements: readonly Settlement[],
  at?: Instant,
): Array<Record<string, unknown>> =>
  settlements.map(({ kind, noneLeftOf }) => ({
    hold_id: holdId,
    kind,
    none_left_of: noneLeftOf,
    ...(at === undefined ? {} : { at: iso(at) }),
  }));

const COLUMNS =
  'id, journey_id, type, status, raised_by, raised_at, first_approval_by, released_by, released_at, reason_note_id';
type HoldRow = {
  id: string;
  journey_id: string;
  type: HoldType;
  status: Hold['status'];
  raised_by: string;
  raised_at: Date;
  first_approval_by: string | null;
  released_by: string | null;
  released_at: Date | null;
  reason_note_id: string | null;
};

function holdOf(row: HoldRow): Hold {
  return {
    id: row.id,
    journeyId: row.journey_id,
    type: row.type,
    status: row.status,
    raisedBy: row.raised_by,
    raisedAt: row.raised_at.getTime(),
    firstApprovalBy: row.first_approval_by,
    releasedBy: row.released_by,
    releasedAt: row.released_at?.getTime() ?? null,
    noteId: row.reason_note_id,
  };
}
