import type { Pool } from 'pg';

/** A lock in the database. Every session that needs it waits until the test releases it. */
export type Held = { release(): Promise<void> };

/** @param statement takes the lock: `lock table …`, `select … for update`, an insert of the same key */
export async function holdInDatabase(pool: Pool, statement: string, values: unknown[] = []): Promise<Held> {
  const client = await pool.connect();
  await client.query('begin');
  await client.query(statement, values);
  return {
    async release() {
      await client.query('rollback');
      client.release();
    },
  };
}

/** How many sessions of this database wait for a lock. */
export async function sessionsWaitingForLock(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    `select count(*)::integer as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows[0]?.n ?? 0;
}
