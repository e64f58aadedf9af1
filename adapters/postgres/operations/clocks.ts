import { type OperationClock, toOperation } from '../../../domain/clock.ts';
import type { Instant } from '../../../domain/time.ts';
import { anyOf, type Db } from '../database.ts';

/** A segment as `json_agg` returns it. */
export type ClockRow = { from_operation_time: string; from_real_time: string; seconds_per_day: number };

/** @param rows in the order of their position */
export function clockOf(rows: readonly ClockRow[]): OperationClock {
  return rows.map((row) => ({
    fromOperationTime: Date.parse(row.from_operation_time),
    fromRealTime: Date.parse(row.from_real_time),
    secondsPerDay: row.seconds_per_day,
  }));
}

/** The clocks of these operations; an operation without segments is left out. */
export async function readClocks(db: Db, operationIds: readonly string[]): Promise<Map<string, OperationClock>> {
  const segments = await db
    .selectFrom('clockSegments')
    .select(['operationId', 'fromOperationTime', 'fromRealTime', 'secondsPerDay'])
    .where('operationId', '=', anyOf([...new Set(operationIds)]))
    .orderBy('operationId')
    .orderBy('position')
    .execute();
  const clocks = Map.groupBy(segments, ({ operationId }) => operationId);
  return new Map(
    [...clocks].map(([operationId, own]) => [
      operationId,
      own.map(({ fromOperationTime, fromRealTime, secondsPerDay }) => ({
        fromOperationTime: fromOperationTime.getTime(),
        fromRealTime: fromRealTime.getTime(),
        secondsPerDay,
      })),
    ]),
  );
}

/** Operation time of each operation at the real time `real`. */
export async function operationTimes(
  db: Db,
  operationIds: readonly string[],
  real: Instant,
): Promise<Map<string, Instant>> {
  const clocks = await readClocks(db, operationIds);
  return new Map([...clocks].map(([operationId, clock]) => [operationId, toOperation(clock, real)]));
}

/** Operation time at the real time `real`. @throws Error for an unknown operation */
export async function operationTime(db: Db, operationId: string, real: Instant): Promise<Instant> {
  const at = (await operationTimes(db, [operationId], real)).get(operationId);
  if (at === undefined) throw new Error(`Operation ${operationId} has no clock`);
  return at;
}
