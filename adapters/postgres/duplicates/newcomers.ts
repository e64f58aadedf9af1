import { derivedId } from '../../../application/ids.ts';
import {
  bestPairs,
  type FoundPair,
  meetings,
  pairsAmong,
  pairsBetween,
  withHeads,
} from '../../../domain/duplicates/findPairs.ts';
import { type PairKeys, rememberedKeys } from '../../../domain/duplicates/searchKeys.ts';
import { type Instant, iso } from '../../../domain/time.ts';
import type { Keyring } from '../../crypto/envelope.ts';
import type { Queryable } from '../database.ts';
import { operationTimes } from '../operations/clocks.ts';
import { pairKeyEncrypter } from '../people/searchKeys.ts';
import { peopleUnder, type RegisteredPerson, readHeads, readRegisteredPeople } from './knownPeople.ts';

/** Compared in one transaction of some tenths of a second. */
const BATCH = 200;

/** The limit of the wait for an import, so that a blocked import does not stop the comparison. */
const WAITS_AT_MOST = '10 minutes';

export type DuplicateMatcherOptions = {
  keyring: Keyring;
  /** real time */
  now: () => Instant;
};

/**
 * Compares the next registered people with everybody known, in the caller's transaction, and stores the pairs for a
 * person to decide. One process does this at a time (the duplicate matcher holds a lock), so the second of two newcomers
 * finds the first. It waits while a list is being checked or committed, because registration has priority.
 * @returns how many were compared
 */
export async function compareNewcomers(client: Queryable, options: DuplicateMatcherOptions): Promise<number> {
  const { rows } = await client.query<{ id: string }>(
    `select id from persons
      where compared_at is null
        and not exists (select from imports where status in ('checking', 'committing') and started_at > now() - $2::interval)
      order by created_at, id limit $1`,
    [BATCH, WAITS_AT_MOST],
  );
  const ids = rows.map(({ id }) => id);
  if (ids.length === 0) return 0;
  const newcomers = await readRegisteredPeople(client, options.keyring, ids);
  const keys = rememberedKeys();
  await fileKeys(client, options.keyring, newcomers, keys);
  for (const [operationId, people] of Map.groupBy(newcomers, (person) => person.operationId)) {
    await writePairs(client, options, await meetEverybody(client, options.keyring, operationId, people, keys));
  }
  await client.query('update persons set compared_at = now() where id = any($1)', [ids]);
  return ids.length;
}

async function fileKeys(
  client: Queryable,
  keyring: Keyring,
  people: readonly RegisteredPerson[],
  { filed }: PairKeys,
): Promise<void> {
  const encrypt = pairKeyEncrypter(keyring);
  const keys = people.flatMap((person) => encrypt(filed(person)).map((key) => ({ ...key, personId: person.personId })));
  await client.query(
    `insert into person_search (person_id, kind, key)
     select * from unnest($1::text[], $2::text[], $3::text[]) as k (person_id, kind, key) order by kind, key
     on conflict do nothing`,
    [keys.map(({ personId }) => personId), keys.map(({ kind }) => kind), keys.map(({ key }) => key)],
  );
}

/** The pairs of these newcomers, whose keys are stored already, with each other and with everybody known. */
async function meetEverybody(
  client: Queryable,
  keyring: Keyring,
  operationId: string,
  newcomers: readonly RegisteredPerson[],
  keys: PairKeys,
): Promise<Array<FoundPair<RegisteredPerson>>> {
  const asked = pairKeyEncrypter(keyring)(newcomers.flatMap(keys.lookedFor));
  const own = new Set(newcomers.map(({ personId }) => personId));
  const pairs = pairsAmong(newcomers, keys).pairs;
  for await (const filed of peopleUnder(client, keyring, operationId, asked)) {
    const known = filed.filter(({ personId }) => !own.has(personId));
    pairs.push(...pairsBetween(newcomers, known, keys).pairs);
  }
  const best = bestPairs(pairs);
  return withHeads(best, await readHeads(client, keyring, meetings(best).flat()));
}

/** A pair with a decision keeps it when it is compared again. */
async function writePairs(
  client: Queryable,
  { now }: DuplicateMatcherOptions,
  pairs: ReadonlyArray<FoundPair<RegisteredPerson>>,
): Promise<void> {
  if (pairs.length === 0) return;
  const found = pairs.map(({ one, other, comparison }) => {
    const [a, b] = one.personId < other.personId ? [one, other] : [other, one];
    return {
      id: derivedId('pair', a.personId, b.personId),
      person_a: a.personId,
      person_b: b.personId,
      operation_a: a.operationId,
      operation_b: b.operationId,
      score: comparison.score,
      reasons: comparison.reasons,
    };
  });
  const { rows: fresh } = await client.query<{ id: string; operation_a: string; operation_b: string }>(
    `insert into duplicate_pairs (id, person_a, person_b, operation_a, operation_b, score, reasons)
     select id, person_a, person_b, operation_a, operation_b, score, reasons
       from jsonb_to_recordset($1) as p (id text, person_a text, person_b text, operation_a text, operation_b text, score int, reasons jsonb)
     on conflict (person_a, person_b) do nothing returning id, operation_a, operation_b`,
    [JSON.stringify(found)],
  );
  const placesOf = (pair: (typeof fresh)[number]): Set<string> => new Set([pair.operation_a, pair.operation_b]);
  const times = await operationTimes(
    client,
    fresh.flatMap((pair) => [...placesOf(pair)]),
    now(),
  );
  const tasks = fresh.flatMap((pair) =>
    [...placesOf(pair)].map((operationId) => ({
      id: `${pair.id}.decidePair.${operationId}`,
      operation_id: operationId,
      subject: pair.id,
      opened_at: iso(times.get(operationId) ?? now()),
    })),
  );
  await client.query(
    `insert into tasks (id, operation_id, subject, kind, role, opened_at)
     select id, operation_id, subject, 'decidePair', 'case_worker', opened_at
       from jsonb_to_recordset($1) as t (id text, operation_id text, subject text, opened_at timestamptz)
     on conflict (id) do nothing`,
    [JSON.stringify(tasks)],
  );
}
