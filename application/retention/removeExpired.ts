import { HOUR } from '../../domain/time.ts';
import { type RetentionTimes, removeOld } from '../postgres/retention.ts';
import { type Loop, type LoopLog, startLoop } from './loop.ts';

/** Session lock of the retention job; any number that no other lock uses. */
const RETENTION_LOCK = 7_261_004;

export type RetentionDeps = { connectionString: string; keep: RetentionTimes; log: LoopLog; pollMs?: number };

/** Removes expired data, at most an hour after its retention period. */
export function startRetention({ connectionString, keep, log, pollMs = HOUR }: RetentionDeps): Loop {
  return startLoop({
    name: 'keeper',
    connectionString,
    lock: RETENTION_LOCK,
    // It looks through whole tables.
    statementTimeoutMs: 600_000,
    pollMs,
    log,
    async pass(client) {
      const removed = await removeOld(client, keep);
      if (Object.values(removed).every((count) => count === 0)) return 'idle';
      log.info(removed, 'removed expired data');
      return 'more';
    },
  });
}
