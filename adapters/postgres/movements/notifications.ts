import { sql } from 'kysely';
import type { NotifyPorts } from '../../../application/movements/notifyJourneys.ts';
import { STORED_ACTOR } from '../../../domain/actor.ts';
import type { Db } from '../database.ts';

/** Seats of which their journey has not received the latest status. */
export function seatNotificationsOn(db: Db): Pick<NotifyPorts, 'pendingNotifications' | 'markNotified'> {
  return {
    async pendingNotifications(movementId, limit) {
      const rows = await db
        .selectFrom('seats as s')
        .innerJoin('movements as m', 'm.id', 's.movementId')
        .select(['s.id as seatId', 'm.operationId', 's.journeyId', 's.kind', 'm.leg', 's.status', 's.notified'])
        .select((eb) => ['s.reasonCode', 's.statusBy', eb.fn.coalesce('s.statusAt', 's.reservedAt').as('at')])
        .where('s.movementId', '=', movementId)
        .where('s.notified', 'is distinct from', (eb) => eb.ref('s.status'))
        .orderBy('s.id')
        .limit(limit)
        .execute();
      return rows.map(({ statusBy, at, ...row }) => ({ ...row, at: at.getTime(), actor: STORED_ACTOR.read(statusBy) }));
    },

    async markNotified(seats) {
      await sql`
        update seats s set notified = n.status
        from unnest(${seats.map(({ seatId }) => seatId)}::text[], ${seats.map(({ status }) => status)}::text[]) as n (id, status)
        where s.id = n.id`.execute(db);
    },
  };
}
