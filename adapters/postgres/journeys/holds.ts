import { sql } from 'kysely';
import type { Hold, Holds, NewHold } from '../../../application/journeys/reads.ts';
import { SETTLED_BY_HOLDS, type Settlement } from '../../../domain/holds.ts';
import { type Instant, iso } from '../../../domain/time.ts';
import { type Db, instant, json } from '../database.ts';

export function holdsOn(db: Db): Holds {
  const holds = db
    .selectFrom('holds')
    .select([
      'id',
      'journeyId',
      'type',
      'status',
      'raisedBy',
      'firstApprovalBy',
      'releasedBy',
      'reasonNoteId as noteId',
    ])
    .select((eb) => [instant(eb, 'raisedAt'), instant(eb, 'releasedAt')]);
  const active = (id: string) => db.updateTable('holds').where('id', '=', id).where('status', '=', 'active');

  return {
    raise: (hold) => insertHold(db, hold),
    voidRaised: (id) => db.transaction().execute((tx) => voidHold(tx, id)),
    read: (id): Promise<Hold | undefined> => holds.where('id', '=', id).executeTakeFirst(),
    ofJourney: (journeyId) =>
      holds.where('journeyId', '=', journeyId).orderBy('holds.raisedAt').orderBy('id').execute(),

    async approve(id, by, reference) {
      const row = await active(id)
        .set(({ fn, val }) => ({
          firstApprovalBy: fn.coalesce('firstApprovalBy', val(by)),
          releaseReference: fn.coalesce('releaseReference', val(reference)),
        }))
        .returning('firstApprovalBy')
        .executeTakeFirst();
      return row && row.firstApprovalBy !== by ? 'second' : 'first';
    },

    async noteReference(id, reference) {
      await active(id).set({ releaseReference: reference }).execute();
    },
  };
}

/** The row blocks from this moment. Idempotent by id. */
export async function insertHold(db: Db, { noteId, raisedAt, ...hold }: NewHold): Promise<void> {
  await db
    .insertInto('holds')
    .values({
      ...hold,
      reasonNoteId: noteId ?? null,
      raisedAt: iso(raisedAt),
    })
    // a hold that was void because nobody took its command blocks again when the command is repeated
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet({ status: 'raising' }).where('holds.status', '=', 'void'),
    )
    .execute();
}

/** A hold that no workflow knows yet never held; whoever waits for its end waits no more. In the caller's transaction. */
export async function voidHold(db: Db, id: string): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable('holds')
    .set({ status: 'void' })
    .where('id', '=', id)
    .where('status', '=', 'raising')
    .executeTakeFirst();
  if (numUpdatedRows === 1n)
    await sql`select settle_tasks(${json(settlementsOfHold(id, SETTLED_BY_HOLDS))})`.execute(db);
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
