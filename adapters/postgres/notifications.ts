import type { Pool } from 'pg';

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
