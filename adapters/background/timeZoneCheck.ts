import { checkLocalTimes } from '../../application/movements/checkLocalTimes.ts';
import type { Zones } from '../../domain/movements/localTimes.ts';
import { HOUR } from '../../domain/time.ts';
import { raiseAlarm } from '../postgres/alarms.ts';
import { databaseIn } from '../postgres/database.ts';
import { movementsOn } from '../postgres/movements/reads.ts';
import { type Loop, type LoopLog, startLoop } from './loop.ts';

/** Session lock of the time-zone check; any number that no other lock uses. */
const TIME_ZONE_CHECK_LOCK = 7_261_005;

/** Checks at the start, and each hour for movements that another process planned with an older table. */
export function startTimeZoneCheck(options: { connectionString: string; zones: Zones; log: LoopLog }): Loop {
  const { connectionString, zones, log } = options;
  const { table } = zones;
  log.info({ table }, 'time-zone table in use');
  return startLoop({
    name: 'timeZoneCheck',
    connectionString,
    lock: TIME_ZONE_CHECK_LOCK,
    pollMs: HOUR,
    log,
    async pass(client) {
      const movements = await checkLocalTimes({
        zones,
        ...movementsOn(databaseIn(client)),
        raiseAlarm: (alarm, occasion) => raiseAlarm(client, alarm, occasion),
      });
      if (movements > 0) log.warn({ movements, table }, 'local times of announced departures have changed');
      return 'idle';
    },
  });
}
