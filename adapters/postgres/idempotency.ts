import { sql } from 'kysely';
import { z } from 'zod';
import type { KeyedRequest, KeyStore } from '../../application/idempotency/claimKey.ts';
import { storedValue } from '../../domain/versioned.ts';
import { type Db, json } from './database.ts';

const Headers = storedValue('Headers of a kept answer', z.record(z.string(), z.string()).nullable());

export function keysOn(db: Db): KeyStore {
  const of = ({ principal, route, key }: KeyedRequest) =>
    sql<boolean>`(principal, route, key) = (${principal}, ${route}, ${key})`;
  return {
    async take({ principal, route, key, requestHash }, abandonedAfterSeconds) {
      const { rows } = await sql`
        insert into idempotency_keys (principal, route, key, request_hash)
        values (${principal}, ${route}, ${key}, ${requestHash})
        on conflict (principal, route, key) do update set created_at = now()
          where idempotency_keys.status is null and idempotency_keys.request_hash = excluded.request_hash
            and idempotency_keys.created_at < now() - make_interval(secs => ${abandonedAfterSeconds})
        returning key`.execute(db);
      return rows.length === 1;
    },

    async read(request) {
      const row = await db
        .selectFrom('idempotencyKeys')
        .select(['requestHash', 'status', 'response as body', 'headers'])
        .where(of(request))
        .executeTakeFirst();
      if (!row) return undefined;
      const { requestHash, status, body, headers } = row;
      const answer = status === null ? undefined : { status, body, headers: Headers.read(headers) ?? {} };
      return { requestHash, answer };
    },

    async keep(request, { status, body, headers }) {
      await db
        .updateTable('idempotencyKeys')
        .set({ status, response: json(body ?? null), headers: json(headers) })
        .where(of(request))
        .execute();
    },

    async release(request) {
      await db.deleteFrom('idempotencyKeys').where(of(request)).where('status', 'is', null).execute();
    },
  };
}
