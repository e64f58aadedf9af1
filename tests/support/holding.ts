import type { Pool } from 'pg';

/** Something kept locked in the database until it is let go: whoever needs it stands still for as long as a test likes. */
export type Held = { letGo(): Promise<void> };

/** @param statement what takes the lock: `lock table …`, `select … for update`, an insert of the same key */
export async function holdInDatabase(pool: Pool, statement: string, values: unknown[] = []): Promise<Held> {
  const client = await pool.connect();
  await client.query('begin');
  await client.query(statement, values);
  return {
    async letGo() {
      await client.query('rollback');
      client.release();
    },
  };
}

/** How many sessions wait for a lock: as many have come to the place that is held. */
export async function standStill(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    `select count(*)::integer as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows[0]?.n ?? 0;
}
