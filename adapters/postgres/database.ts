import {
  CamelCasePlugin,
  Kysely,
  type PostgresCursor,
  PostgresDialect,
  type PostgresPool,
  type PostgresPoolClient,
  type PostgresQueryResult,
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
