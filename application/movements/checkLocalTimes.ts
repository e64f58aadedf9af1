import { changedTimes, type Zones } from '../../domain/movements/localTimes.ts';
import type { Alarm } from '../alarms/alarms.ts';
import type { Movement } from './reads.ts';

export type LocalTimesPorts = {
  zones: Zones;
  /**
   * Movements that have not left and were planned with another time-zone table than this. Where the carrier has sent new
   * times since, the local ones are obsolete, so these are left out.
   */
  plannedByOtherTables(
    table: string,
  ): Promise<Array<Pick<Movement, 'id' | 'operationId' | 'timeZoneTable' | 'stops' | 'timeZones'>>>;
  raiseAlarm(alarm: Alarm, occasion: string): Promise<void>;
};

/**
 * Raises an alarm, once for each table, if the current table reads the local times of a movement differently. Times are
 * not changed, because the carrier knows what it meant. Returns the number of such movements.
 */
export async function checkLocalTimes({ zones, plannedByOtherTables, raiseAlarm }: LocalTimesPorts): Promise<number> {
  const { table } = zones;
  let flagged = 0;
  for (const { id: subject, operationId, timeZoneTable, stops, timeZones } of await plannedByOtherTables(table)) {
    const times = changedTimes(stops, timeZones, zones);
    if (times.length === 0) continue;
    const detail = { planned_by: timeZoneTable, table, times };
    await raiseAlarm({ operationId, subject, kind: 'clocks_moved', detail }, table);
    flagged += 1;
  }
  return flagged;
}
