import { sql } from 'kysely';
import type { ManifestEntry, MovementReads } from '../../../application/movements/reads.ts';
import type { SeatTransaction } from '../../../application/movements/seats.ts';
import { type Db, instant } from '../database.ts';

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
