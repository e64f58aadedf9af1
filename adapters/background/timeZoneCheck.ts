import { HOUR } from '../../domain/time.ts';
import { flagMovedClocks } from '../timeZones/movedClocks.ts';
import type { Zones } from '../timeZones/zones.ts';
import { type Loop, type LoopLog, startLoop } from './loop.ts';

/** Session lock of the one watcher; any number that nobody else uses. */
const TIME_ZONE_CHECK_LOCK = 7_261_005;

export type TimeZoneCheckDeps = { connectionString: string; zones: Zones; log: LoopLog; pollMs?: number };

/** Looks at the start, and each hour for what another process has planned by an older table. */
export function startTimeZoneCheck({ connectionString, zones, log, pollMs = HOUR }: TimeZoneCheckDeps): Loop {
  log.info({ table: zones.table }, 'time zones are read by this table');
  return startLoop({
    name: 'clockWatcher',
    connectionString,
    lock: TIME_ZONE_CHECK_LOCK,
    pollMs,
    log,
    async pass(client) {
      const movements = await flagMovedClocks(client, zones);
      if (movements > 0) log.warn({ movements, table: zones.table }, 'clocks were moved under announced departures');
      return 'idle';
    },
  });
}
