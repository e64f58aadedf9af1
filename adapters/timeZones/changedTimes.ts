import { readLocal } from '../../domain/localTime.ts';
import { STORED_LOCAL_TIMES, type Stop } from '../../domain/movements/route.ts';
import { STILL_TO_LEAVE } from '../../domain/movements/state.ts';
import { raiseAlarm } from '../postgres/alarms.ts';
import type { Queryable } from '../postgres/database.ts';
import type { Zones } from './zones.ts';

type Row = {
  id: string;
  operationId: string;
  stops: unknown;
  timeZones: unknown;
  table: string | null;
};

/** One announced time, and the offsets that the current table gives it. */
type ChangedTime = { piece: number; stop: string; zone: string; announced: string; offsets: string[] };

/**
 * Movements that have not left and were planned with another time-zone table. If the current table reads their local
 * times differently, an alarm is raised, once for each table. Times are not changed, because the carrier knows what it
 * meant. Where the carrier has sent new times since, the local ones are obsolete. Returns the number of such movements.
 */
export async function flagChangedTimes(client: Queryable, zones: Zones): Promise<number> {
  const { rows } = await client.query<Row>(
    `select id, operation_id as "operationId", stops, time_zones as "timeZones", time_zone_table as "table" from movements
      where status = any($2) and time_zones <> '{}'
        and time_zone_table is distinct from $1
        and departs_at = (stops -> 0 ->> 'departsAt')::timestamptz and arrives_at = (stops -> -1 ->> 'arrivesAt')::timestamptz`,
    [zones.table, STILL_TO_LEAVE],
  );
  const flagged = rows
    .map((row) => {
      const { stops, timeZones } = STORED_LOCAL_TIMES.read(row);
      return { ...row, changed: stops.flatMap((piece, at) => changesIn(piece, at + 1, timeZones, zones)) };
    })
    .filter(({ changed }) => changed.length > 0);
  for (const { id, operationId, table, changed } of flagged) {
    const detail = { planned_by: table, table: zones.table, times: changed };
    await raiseAlarm(client, { operationId, subject: id, kind: 'clocks_moved', detail }, zones.table);
  }
  return flagged.length;
}

function changesIn(piece: Stop, number: number, timeZones: Record<string, string>, zones: Zones): ChangedTime[] {
  const times = [
    { stop: piece.from, announced: piece.departsAt },
    { stop: piece.to, announced: piece.arrivesAt },
  ];
  return times.flatMap(({ stop, announced }) => {
    const zone = timeZones[stop];
    if (zone === undefined) return [];
    const { local, offset } = readLocal(announced);
    const offsets = zones.offsets(local, zone) ?? [];
    return offsets.includes(offset ?? '') ? [] : [{ piece: number, stop, zone, announced, offsets }];
  });
}
