import { HOUR } from '../../domain/time.ts';
import { type KeepingTimes, removeOld } from '../postgres/keeping.ts';
import { type Loop, type LoopLog, startLoop } from './loop.ts';

/** Session lock of the one keeper; any number that nobody else uses. */
const KEEPER_LOCK = 7_261_004;

export type KeeperDeps = { connectionString: string; keep: KeepingTimes; log: LoopLog; pollMs?: number };

/** Removes what is kept for a time only, an hour after its time is over at the latest. */
export function startKeeper({ connectionString, keep, log, pollMs = HOUR }: KeeperDeps): Loop {
  return startLoop({
    name: 'keeper',
    connectionString,
    lock: KEEPER_LOCK,
    pollMs,
    log,
    async pass(client) {
      const removed = await removeOld(client, keep);
      if (Object.values(removed).every((count) => count === 0)) return 'idle';
      log.info(removed, 'removed what is kept no longer');
      return 'more';
    },
  });
}
