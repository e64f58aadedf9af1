import { Pool, type PoolClient, types } from 'pg';

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

/** What can be queried: the pool, or one client inside a transaction. */
export type Queryable = Pick<PoolClient, 'query'>;

/** A moment as milliseconds, under a name of ours: a column of a select. */
export const epoch = (column: string, name: string): string =>
  `(extract(epoch from ${column}) * 1000)::double precision as "${name}"`;

/** Runs `work` in one transaction; any error rolls it back and is thrown on. */
export async function transaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    client.release();
    return result;
  } catch (error) {
    // A connection that cannot roll back is broken: it is thrown away, never lent again.
    await client.query('rollback').then(
      () => client.release(),
      (broken: Error) => client.release(broken),
    );
    throw error;
  }
}
