import { sql } from 'kysely';
import type { MatchPorts } from '../../../application/duplicates/match.ts';
import { iso } from '../../../domain/time.ts';
import type { Keyring } from '../../crypto/envelope.ts';
import { pairKeyEncrypter } from '../../crypto/people.ts';
import { anyOf, type Db } from '../database.ts';
import { operationTimes } from '../operations/operations.ts';
import { knownPeopleOn } from './knownPeople.ts';

/** The transactions in which newcomers are compared. */
export function matchingOn(db: Db, keyring: Keyring): Pick<MatchPorts, 'transaction'> {
  const encrypt = pairKeyEncrypter(keyring);
  return {
    transaction: (work) =>
      db.transaction().execute((tx) =>
        work({
          ...knownPeopleOn(tx, keyring),

          async next(limit, wait) {
            const { rows } = await sql<{ id: string }>`
              select id from persons
               where compared_at is null
                 and not exists (select from imports where status in ('checking', 'committing')
                                    and started_at > now() - ${wait} * interval '1 millisecond')
               order by created_at, id limit ${limit}`.execute(tx);
            return rows.map(({ id }) => id);
          },

          async storeKeys(people) {
            const rows = people.flatMap(({ personId, keys }) => encrypt(keys).map((key) => ({ ...key, personId })));
            await sql`
              insert into person_search (person_id, kind, key)
              select * from unnest(${rows.map(({ personId }) => personId)}::text[], ${rows.map(({ kind }) => kind)}::text[],
                                   ${rows.map(({ key }) => key)}::text[]) as k (person_id, kind, key)
               order by kind, key
              on conflict do nothing`.execute(tx);
          },

          async add(pairs) {
            const { rows } = await sql<{ id: string; operationA: string; operationB: string }>`
              insert into duplicate_pairs (id, person_a, person_b, operation_a, operation_b, score, reasons)
              select id, "personA", "personB", "operationA", "operationB", score, reasons
                from jsonb_to_recordset(${JSON.stringify(pairs)}) as p (id text, "personA" text, "personB" text,
                     "operationA" text, "operationB" text, score int, reasons jsonb)
              on conflict (person_a, person_b) do nothing returning id, operation_a, operation_b`.execute(tx);
            return rows;
          },

          operationTimes: (operationIds, real) => operationTimes(tx, operationIds, real),

          async openTasks(tasks) {
            const rows = tasks.map(({ pairId, operationId, at }) => ({ pairId, operationId, at: iso(at) }));
            await sql`
              insert into tasks (id, operation_id, subject, kind, role, opened_at)
              select "pairId" || '.decidePair.' || "operationId", "operationId", "pairId", 'decidePair', 'case_worker', at
                from jsonb_to_recordset(${JSON.stringify(rows)}) as t ("pairId" text, "operationId" text, at timestamptz)
              on conflict (id) do nothing`.execute(tx);
          },

          async markCompared(ids) {
            await tx
              .updateTable('persons')
              .set((eb) => ({ comparedAt: eb.fn('now') }))
              .where('id', '=', anyOf(ids))
              .execute();
          },
        }),
      ),
  };
}
