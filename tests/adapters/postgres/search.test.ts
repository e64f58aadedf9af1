import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { databaseOn } from '../../../adapters/postgres/database.ts';
import { searchStatement } from '../../../adapters/postgres/people/people.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { insertOperation } from '../../support/systemRows.ts';

/** The size of a large deployment; every name of some 25 people, and one that a tenth of them has. */
const PEOPLE = 20_000;
const NAMES = 800;

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
  const { pool } = database;
  const operationId = await insertOperation(pool);
  await pool.query(
    `insert into persons (id, nationality, sex, traveller) select 'per_' || n, 'VUT', 'F', 'adult' from generate_series(1, $1) n`,
    [PEOPLE],
  );
  await pool.query(
    `insert into households (id, operation_id, reference, requested_at) select 'hh_' || n, $2, n, now() from generate_series(1, $1) n`,
    [PEOPLE, operationId],
  );
  await pool.query(
    `insert into journeys (id, person_id, operation_id, household_id, relationship, registered_at, status_since)
     select 'jrn_' || n, 'per_' || n, $2, 'hh_' || n, 'HEAD', now(), now() from generate_series(1, $1) n`,
    [PEOPLE, operationId],
  );
  await pool.query(
    `insert into person_keys (person_id, kek_id, wrapped_key) select 'per_' || n, 'test', '' from generate_series(1, $1) n`,
    [PEOPLE],
  );
  await pool.query(
    `insert into person_search (person_id, kind, key)
     select 'per_' || n, 'name', md5('given' || n % $2) from generate_series(1, $1) n
     union all select 'per_' || n, 'name', md5('family' || n / $2) from generate_series(1, $1) n
     union all select 'per_' || n, 'name', md5('common') from generate_series(1, $1) n where n % 10 = 0
     union all select 'per_' || n, 'born', md5('born' || n || k) from generate_series(1, $1) n, generate_series(1, 4) k`,
    [PEOPLE, NAMES],
  );
  await database.owner.query('analyze');
});
afterAll(async () => {
  await database?.drop();
});

type Plan = { 'Node Type': string; 'Relation Name'?: string; 'Index Name'?: string; Plans?: Plan[] };
const flat = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(flat)];

async function planOf(words: readonly string[]): Promise<Plan[]> {
  const keys = words.map((key) => ({ kind: 'name' as const, key, seen: 1 }));
  const { rows } = await sql<{
    'QUERY PLAN': Array<{ Plan: Plan }>;
  }>`explain (format json) ${searchStatement(keys, 'all', 300)}`.execute(databaseOn(database.pool).withoutPlugins());
  return flat(rows[0]?.['QUERY PLAN'][0]?.Plan as Plan);
}

it.each([
  ['a rare name', ['given5', 'family7']],
  ['a name that a tenth of all have', ['common', 'family7']],
])(
  '%s is looked up by the index among 20,000 people, never by reading all keys or all journeys',
  async (_what, words) => {
    const { rows } = await database.pool.query<{ keys: string[] }>(
      'select array_agg(md5(word)) as keys from unnest($1::text[]) as word',
      [words],
    );
    const nodes = await planOf(rows[0]?.keys ?? []);
    const onKeys = nodes.filter((node) => node['Relation Name'] === 'person_search');
    expect(onKeys.map((node) => node['Node Type'])).toEqual(onKeys.map(() => 'Index Only Scan'));
    expect(onKeys.map((node) => node['Index Name'])).toEqual(['person_search_pkey']);
    expect(nodes.filter((node) => node['Node Type'] === 'Seq Scan')).toEqual([]);
  },
);
