import { sql } from 'kysely';
import { jsonArrayFrom } from 'kysely/helpers/postgres';
import type { EndpointPorts, EndpointReads, Replay } from '../../../application/webhooks/endpoints.ts';
import { type Db, instant, json } from '../database.ts';
import type { PrismaClient } from '../prisma.ts';

export function endpointsOn(
  db: Db,
  prisma: PrismaClient,
): EndpointReads & Omit<EndpointPorts, 'secrets' | 'refusedAddress' | 'send'> {
  const endpoints = db
    .selectFrom('endpoints')
    .select(['id', 'partnerId', 'url', 'eventTypes', 'status'])
    .select((eb) => [instant(eb, 'failingSince'), instant(eb, 'createdAt')]);

  return {
    endpoints(partnerId, limit, after) {
      let query = endpoints.where('partnerId', '=', partnerId);
      if (after !== undefined) query = query.where('id', '>', after);
      return query
        .orderBy('id')
        .limit(limit + 1)
        .execute();
    },

    deliveries(endpointId, status, limit, after) {
      let query = db
        .selectFrom('deliveries as d')
        .innerJoin('outbox as o', 'o.id', 'd.outboxId')
        .select(['d.outboxId', 'd.subject', 'd.position', 'o.type', 'd.status', 'd.attempts', 'd.redactedReason'])
        .select((eb) => [
          instant(eb, 'd.nextAttemptAt'),
          instant(eb, 'd.deliveredAt'),
          jsonArrayFrom(
            eb
              .selectFrom('deliveryAttempts as a')
              .select(['a.attempt', 'a.tookMs', 'a.httpStatus', 'a.failure'])
              .select((inner) => instant(inner, 'a.sentAt'))
              .whereRef('a.endpointId', '=', 'd.endpointId')
              .whereRef('a.outboxId', '=', 'd.outboxId')
              .orderBy('a.attempt'),
          ).as('tries'),
        ])
        .where('d.endpointId', '=', endpointId);
      if (status !== undefined) query = query.where('d.status', '=', status);
      if (after !== undefined) query = query.where('d.position', '<', after);
      return query
        .orderBy('d.position', 'desc')
        .limit(limit + 1)
        .execute();
    },

    add: ({ secrets: { encrypted, keyId }, feed, ...endpoint }) =>
      db.transaction().execute(async (tx) => {
        const added = await tx
          .insertInto('endpoints')
          .values({ ...endpoint, secrets: encrypted, keyId })
          .onConflict((conflict) => conflict.column('id').doNothing())
          .returning('id')
          .executeTakeFirst();
        if (added)
          await tx
            .insertInto('pendingStarts')
            .values({ ...feed, input: json(feed.input) })
            .execute();
      }),

    async read(id) {
      const row = await endpoints
        .select(['secrets', 'keyId'])
        .where('id', '=', id)
        .where('status', '<>', 'removed')
        .executeTakeFirst();
      if (!row) return undefined;
      const { secrets, keyId, ...endpoint } = row;
      return { ...endpoint, secrets: { encrypted: secrets, keyId } };
    },

    async remove(id) {
      const { count } = await prisma.endpoint.updateMany({
        where: { id, status: { not: 'removed' } },
        data: { status: 'removed', failingSince: null },
      });
      return count === 1;
    },

    enable: (id) =>
      db.transaction().execute(async (tx) => {
        const enabled = await tx
          .updateTable('endpoints')
          .set({ status: 'active', failingSince: null })
          .where('id', '=', id)
          .where('status', '=', 'disabled')
          .returning('id')
          .executeTakeFirst();
        if (!enabled) return false;
        await tx
          .updateTable('deliveries')
          .set((eb) => ({ nextAttemptAt: eb.fn('now') }))
          .where('endpointId', '=', id)
          .where('status', 'in', ['queued', 'retrying'])
          .where('nextAttemptAt', '>', (eb) => eb.fn('now'))
          .execute();
        return true;
      }),

    async setSecrets(id, { encrypted, keyId }) {
      await prisma.endpoint.update({ where: { id }, data: { secrets: Uint8Array.from(encrypted), keyId } });
    },

    replay: (id, what) => replay(db, id, what),
  };
}

const AGAIN = sql`status = 'queued', attempts = 0, next_attempt_at = now(), redacted_reason = null, delivered_at = null`;

async function replay(db: Db, id: string, what: Replay): Promise<number> {
  const { numAffectedRows = 0n } = await ('eventId' in what
    ? sql`update deliveries set ${AGAIN} where endpoint_id = ${id} and outbox_id = ${what.eventId}`
    : sql`
        insert into deliveries (outbox_id, endpoint_id, subject, position)
        select distinct o.id, e.id, o.subject, o.position
          from outbox o
          join endpoints e on e.id = ${id} and e.status <> 'removed' and o.type = any (e.event_types)
          join agreements a on a.partner_id = e.partner_id and a.operation_id = o.operation_id and o.type = any (a.event_types)
                           and a.valid_from <= o.at and (a.valid_until is null or a.valid_until > o.at)
         where o.position >= ${what.from} and (${what.to ?? null}::bigint is null or o.position <= ${what.to ?? null})
        on conflict (endpoint_id, outbox_id) do update set ${AGAIN}`
  ).execute(db);
  return Number(numAffectedRows);
}
