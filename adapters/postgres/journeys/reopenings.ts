import { sql } from 'kysely';
import type { ReopenPorts } from '../../../application/journeys/reopen.ts';
import { type Db, instant, json } from '../database.ts';
import { eventLogOn } from '../eventLog.ts';
import { readFrame } from '../households/register.ts';

export const reopeningsOn = (db: Db): Pick<ReopenPorts, 'transaction'> => ({
  transaction: (work) =>
    db.transaction().execute((tx) =>
      work({
        async lock(journeyId) {
          // in the order in which a registration and the end of an operation lock
          await sql`select 1 from operations where id = (select operation_id from journeys where id = ${journeyId}) for share`.execute(
            tx,
          );
          return tx
            .selectFrom('journeys as j')
            .innerJoin('operations as o', 'o.id', 'j.operationId')
            .select((eb) => [
              'j.ending',
              instant(eb, 'j.endedAt'),
              sql<boolean>`o.status not in ('closed', 'cancelled')`.as('operationOpen'),
              sql<boolean>`not exists (select from person_keys k where k.person_id = j.person_id)`.as('erased'),
              sql<boolean>`exists (select from journeys other where other.person_id = j.person_id and other.id <> j.id
                and other.ending is null)`.as('otherOpen'),
            ])
            .where('j.id', '=', journeyId)
            .forUpdate('j')
            .executeTakeFirstOrThrow();
        },

        async rules(operationId) {
          const frame = await readFrame(tx, operationId);
          if (frame === undefined) throw new Error(`There is no operation ${operationId}`);
          return frame.rules;
        },

        events: async (subject) =>
          (await eventLogOn(tx).eventsAfter({ subject, subjectKind: 'journey', after: 0 })) ?? [],

        async approve({ journeyId, seq, by, reasonCode, noteId = null, at }) {
          await tx
            .insertInto('reopenings')
            .values({ journeyId, seq, firstBy: by, reasonCode, noteId, at: new Date(at) })
            .onConflict((conflict) => conflict.columns(['journeyId', 'seq']).doNothing())
            .execute();
          const { firstBy } = await tx
            .selectFrom('reopenings')
            .select('firstBy')
            .where('journeyId', '=', journeyId)
            .where('seq', '=', seq)
            .executeTakeFirstOrThrow();
          return firstBy;
        },

        write: (batch) => eventLogOn(tx).write(batch),

        async orderStart(journeyId, carried) {
          await sql`
            update pending_starts set input = jsonb_set(input, '{carried}', ${json(carried)}::jsonb), again = true,
                   started_at = null, attempts = 0, created_at = now()
             where workflow_id = 'journey:' || ${journeyId}`.execute(tx);
          await sql`
            update seats s set status = case when m.status in ('planned', 'contracted', 'cleared', 'boarding') then 'boarded'
                                             else 'departed' end,
                   updated_at = now(), notified = case when m.status in ('planned', 'contracted', 'cleared', 'boarding')
                                                       then 'boarded' else 'departed' end
              from movements m where m.id = s.movement_id and s.journey_id = ${journeyId} and s.status = 'died'`.execute(
            tx,
          );
          await tx
            .updateTable('tasks')
            .set((eb) => ({ status: 'void', closedAt: eb.fn('now') }))
            .where('id', '=', `${journeyId}.deathFollowUp`)
            .where('status', '=', 'open')
            .execute();
          await sql`select pg_notify('starts', '')`.execute(tx);
        },
      }),
    ),
});
