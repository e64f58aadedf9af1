import { setTimeout as pause } from 'node:timers/promises';
import type { Pool } from 'pg';

/** How far a subject is: events recorded, and the follow-up for which a case worker is waited for. */
export type Disposition = { subject: string; seq: number; month: number | null };

const POLL_EVERY_MS = 25;
const WITHIN_MS = 180_000;

export type Watch = {
  /** Resolves when the condition holds for the subject. @throws Error when it does not come in three minutes */
  sees(subject: string, holds: (row: Disposition) => boolean, what: string): Promise<void>;
  stop(): Promise<void>;
};

type Waiting = {
  subject: string;
  holds: (row: Disposition) => boolean;
  came: () => void;
  late: (error: Error) => void;
  until: number;
  what: string;
};

/**
 * Looks for everybody who waits in one query, every 25 ms, so that watching costs the same for one and for a thousand.
 * @param query takes the subjects as `$1` and gives `subject`, `seq` and `month`
 */
export function startWatch(pool: Pool, query: string): Watch {
  const waiting = new Set<Waiting>();
  const stopped = new AbortController();
  const life = poll();
  life.catch((error: Error) => {
    for (const one of waiting) one.late(error);
  });

  async function poll(): Promise<void> {
    while (!stopped.signal.aborted) {
      if (waiting.size > 0) {
        const subjects = [...new Set([...waiting].map(({ subject }) => subject))];
        const { rows } = await pool.query<Disposition>(query, [subjects]);
        settle(new Map(rows.map((row) => [row.subject, row])));
      }
      await pause(POLL_EVERY_MS, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  }

  function settle(rows: ReadonlyMap<string, Disposition>): void {
    for (const one of waiting) {
      const row = rows.get(one.subject);
      const came = row !== undefined && one.holds(row);
      if (!came && performance.now() < one.until) continue;
      waiting.delete(one);
      if (came) one.came();
      else one.late(new Error(`${one.subject}: ${one.what} did not come (${JSON.stringify(row ?? null)})`));
    }
  }

  return {
    sees: (subject, holds, what) =>
      new Promise((came, late) => {
        waiting.add({ subject, holds, came, late, what, until: performance.now() + WITHIN_MS });
      }),
    async stop() {
      stopped.abort();
      await life.catch(() => undefined);
    },
  };
}
