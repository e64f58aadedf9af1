/** Parts of typed statements that Kysely has no word for: moments as milliseconds, JSON, rows sent as one value. */

import {
  type AliasedExpression,
  CamelCasePlugin,
  type ExpressionBuilder,
  type ExtractTypeFromReferenceExpression,
  Kysely,
  type PostgresCursor,
  PostgresDialect,
  type PostgresPool,
  type PostgresPoolClient,
  type PostgresQueryResult,
  type RawBuilder,
  type StringReference,
  sql,
} from 'kysely';
import { Pool, type PoolClient, types } from 'pg';
import type { DB } from './generated/kysely/tables.ts';

/** bigint columns (positions, byte counts) fit a double by far; as text they would compare wrongly. */
types.setTypeParser(types.builtins.INT8, Number);

/**
 * Limits of every session, in milliseconds: nobody waits for a lock, works or stays in a transaction for ever, whoever
 * else is stuck. What may take longer (retention, comparing a list) raises its own `statement_timeout`.
 */
export const SESSION_LIMITS = {
  lock_timeout: 10_000,
  statement_timeout: 60_000,
  idle_in_transaction_session_timeout: 60_000,
} as const;

/** One pool for SQL and Prisma alike. @param max connections; waits at most 5 s for one, then fails. */
export function openPool(connectionString: string, max = 16): Pool {
  const pool = new Pool({ connectionString, max, connectionTimeoutMillis: 5_000, keepAlive: true, ...SESSION_LIMITS });
  // An idle connection that breaks (database restarted) must not end the process: the next query takes a new one.
  pool.on('error', () => {});
  // Nor one that is lent out: who borrowed it firstSeen of it by the query under way, and the pool throws it away.
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

/** Every table as prisma/schema.prisma has it, by the names of its models' columns. */
export type Tables = DB;

/** What typed statements run on: the database, or one transaction of it. */
export type Db = Kysely<Tables>;

/** Typed statements on the pool that SQL and Prisma use too. */
export function databaseOn(pool: Pool): Db {
  return kyselyOn({
    options: pool.options,
    connect: async () => {
      const client = await pool.connect();
      return { query: namingStatements(client), release: (destroy) => client.release(destroy) };
    },
    end: () => pool.end(),
  });
}

/** Typed statements on one connection, which stays open and is the caller's to end. */
export function databaseIn(client: Queryable): Db {
  const lent = { query: namingStatements(client), release: () => {} };
  return kyselyOn({ options: {}, connect: () => Promise.resolve(lent), end: () => Promise.resolve() });
}

type Queryable = Pick<PoolClient, 'query'>;

const kyselyOn = (pool: PostgresPool): Db =>
  new Kysely<Tables>({
    dialect: new PostgresDialect({ pool }),
    // The names inside JSON columns stay as they are.
    plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })],
  });

const NAMED_AFTER = 3;
const MOST_NAMES = 500;
/** How often each text has run in this process, up to the time when it gets a name. */
const runs = new Map<string, number>();
const names = new Map<string, string>();

/** A statement that runs again and again gets a name, so that PostgreSQL parses and plans it once for each session. */
function nameOf(text: string): string | undefined {
  const name = names.get(text);
  if (name !== undefined || names.size >= MOST_NAMES) return name;
  const count = (runs.get(text) ?? 0) + 1;
  if (count < NAMED_AFTER) {
    // Texts that differ every time must not fill the memory.
    if (runs.size >= MOST_NAMES * 4) runs.clear();
    runs.set(text, count);
    return undefined;
  }
  runs.delete(text);
  names.set(text, `s${names.size + 1}`);
  return names.get(text);
}

function namingStatements(client: Queryable): PostgresPoolClient['query'] {
  function query<R>(text: string, values: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  function query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  function query(text: unknown, values: readonly unknown[] = []): unknown {
    if (typeof text !== 'string') throw new TypeError('Cursors are not used');
    const name = values.length > 0 ? nameOf(text) : undefined;
    return client.query({ ...(name === undefined ? {} : { name }), text, values: [...values] });
  }
  return query;
}

type ColumnName<C extends string> = C extends `${string}.${infer Name}` ? Name : C;
type Milliseconds<T> = null extends T ? number | null : number;

/**
 * A moment of the table as milliseconds under its own name, with the microseconds as fraction, so that pages can go on
 * exactly after it.
 */
export function instant<DB, TB extends keyof DB, C extends StringReference<DB, TB>>(
  _of: ExpressionBuilder<DB, TB>,
  column: C,
): AliasedExpression<Milliseconds<ExtractTypeFromReferenceExpression<DB, TB, C>>, ColumnName<C>> {
  const name = column.slice(column.lastIndexOf('.') + 1) as ColumnName<C>;
  return sql<
    Milliseconds<ExtractTypeFromReferenceExpression<DB, TB, C>>
  >`(extract(epoch from ${sql.ref(column)}) * 1000)::double precision`.as<ColumnName<C>>(name);
}

/** Milliseconds as a moment that columns are compared with or set to. */
export const moment = (at: number): RawBuilder<Date> => sql<Date>`to_timestamp(${at}::double precision / 1000)`;

/** A value of a JSON column. An array without it would be sent as an array of PostgreSQL. */
export const json = (value: unknown): RawBuilder<unknown> => sql`${JSON.stringify(value)}::jsonb`;

const SQL_TYPES = {
  text: sql`text`,
  int: sql`int`,
  boolean: sql`boolean`,
  jsonb: sql`jsonb`,
  timestamptz: sql`timestamptz`,
  'text[]': sql`text[]`,
} as const;
type SqlTypes = { text: string; int: number; boolean: boolean; jsonb: unknown; timestamptz: Date; 'text[]': string[] };

/**
 * Rows that are sent as one JSON value, as a table to select from: one parameter however many rows there are. The keys
 * of the rows are in snake case, those of `columns` in camel case.
 */
export function recordset<const C extends Record<string, keyof SqlTypes>, A extends string>(
  rows: readonly unknown[],
  columns: C,
  alias: A,
) {
  const list = Object.entries(columns).map(([name, type]) => sql`${sql.ref(name)} ${SQL_TYPES[type]}`);
  return sql<{
    [K in keyof C]: SqlTypes[C[K]] | null;
  }>`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)`.as<A>(sql`${sql.ref(alias)} (${sql.join(list)})`);
}

/** Any of these texts, however many: one parameter, and a list without any is fine. `where('id', '=', anyOf(ids))` */
export const anyOf = <T extends string>(texts: readonly T[]): RawBuilder<T> => sql<T>`any(${texts}::text[])`;

/** So often at most a channel is notified by one process. Whoever listens looks once for all that came meanwhile. */
const EVERY_MS = 20;

/**
 * Wakes whoever listens on a channel. To be called after the commit: a transaction that notifies holds a lock of the whole
 * server until it has committed, so that no two of them could commit at once. It never waits and never fails, because
 * listeners look by themselves as well.
 */
export function notifier(pool: Pool, channel: 'outbox' | 'inbox', everyMs = EVERY_MS): () => void {
  let resting: NodeJS.Timeout | undefined;
  let wanted = false;
  const send = (): void => {
    pool.query('select pg_notify($1, $2)', [channel, '']).catch(() => undefined);
    resting = setTimeout(() => {
      resting = undefined;
      if (!wanted) return;
      wanted = false;
      send();
    }, everyMs).unref();
  };
  return () => {
    if (resting === undefined) send();
    else wanted = true;
  };
}
