import { sql } from 'kysely';
import type { Disclosure } from '../../../application/people/reads.ts';
import { type Instant, iso } from '../../../domain/time.ts';
import type { Db } from '../database.ts';
import type { NewDisclosure } from '../generated/kysely/tables.ts';

/** Data of a person that was sent to a partner. Its id derives from the content, so that a repeat is no second row. */
export type Sent = Omit<NewDisclosure, 'at' | 'recordedAt' | 'fields'> & { fields: readonly string[]; at: Instant };

/** Written before the call, in the transaction that evaluated the preconditions. Idempotent. */
export async function writeSent(db: Db, { fields, at, ...sent }: Sent): Promise<void> {
  await db
    .insertInto('disclosures')
    .values({ ...sent, fields: [...fields], at: iso(at) })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
}

/** The disclosures and accesses to data of a person, newest first. One more than `limit`. */
export async function disclosuresOf(
  db: Db,
  personId: string,
  limit: number,
  after: string | undefined,
): Promise<Disclosure[]> {
  const { rows } = await sql<Disclosure>`
    with d as (
      select id, 'sent' as kind, partner_id, null as principal, purpose, fields, consent_version, agreement_id, at,
             recorded_at
        from disclosures where person_id = ${personId}
      union all
      select id, 'shown', null, principal, purpose, fields, null, null, at, recorded_at
        from access_log where person_id = ${personId})
    select d.id, d.kind, d.partner_id, a.name as partner, d.principal, d.purpose, d.fields, d.consent_version,
           d.agreement_id, (extract(epoch from d.at) * 1000)::float8 as at,
           (extract(epoch from d.recorded_at) * 1000)::float8 as recorded_at
      from d left join partners a on a.id = d.partner_id
     where ${after ?? null}::text is null or (d.recorded_at, d.id) < (select recorded_at, id from d where id = ${after ?? null})
     order by d.recorded_at desc, d.id desc limit ${limit + 1}`.execute(db);
  return rows;
}
