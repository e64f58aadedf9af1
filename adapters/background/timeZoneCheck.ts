import { HOUR } from '../../domain/time.ts';
import { flagChangedTimes } from '../timeZones/changedTimes.ts';
import type { Zones } from '../timeZones/zones.ts';
import { type Loop, type LoopLog, startLoop } from './loop.ts';

/** Session lock of the time-zone check; any number that no other lock uses. */
const TIME_ZONE_CHECK_LOCK = 7_261_005;

export type TimeZoneCheckDeps = { connectionString: string; zones: Zones; log: LoopLog; pollMs?: number };

/** Checks at the start, and each hour for movements that another process planned with an older table. */
export function startTimeZoneCheck({ connectionString, zones, log, pollMs = HOUR }: TimeZoneCheckDeps): Loop {
  log.info({ table: zones.table }, 'time-zone table in use');
  return startLoop({
    name: 'timeZoneCheck',
    connectionString,
    lock: TIME_ZONE_CHECK_LOCK,
    pollMs,
    log,
    async pass(client) {
      const movements = await flagChangedTimes(client, zones);
      if (movements > 0)
        log.warn({ movements, table: zones.table }, 'local times of announced departures have changed');
      return 'idle';
    },
  });
}
