import { type OperationClock, toOperation } from '../../../domain/clock.ts';
import type { Instant } from '../../../domain/time.ts';
import type { Queryable } from '../database.ts';

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
export async function readClocks(db: Queryable, operationIds: readonly string[]): Promise<Map<string, OperationClock>> {
  const { rows } = await db.query<{
    operation_id: string;
    from_operation_time: Date;
    from_real_time: Date;
    seconds_per_day: number;
  }>({
    name: 'clocks',
    text: `select operation_id, from_operation_time, from_real_time, seconds_per_day
       from clock_segments where operation_id = any($1) order by operation_id, position`,
    values: [[...new Set(operationIds)]],
  });
  const clocks = new Map<string, OperationClock>();
  for (const row of rows) {
    const segment = {
      fromOperationTime: row.from_operation_time.getTime(),
      fromRealTime: row.from_real_time.getTime(),
      secondsPerDay: row.seconds_per_day,
    };
    clocks.set(row.operation_id, [...(clocks.get(row.operation_id) ?? []), segment]);
  }
  return clocks;
}

/** Operation time of each operation at the real time `real`. */
export async function operationTimes(
  db: Queryable,
  operationIds: readonly string[],
  real: Instant,
): Promise<Map<string, Instant>> {
  const clocks = await readClocks(db, operationIds);
  return new Map([...clocks].map(([operationId, clock]) => [operationId, toOperation(clock, real)]));
}

/** Operation time at the real time `real`. @throws Error for an unknown operation */
export async function operationTime(db: Queryable, operationId: string, real: Instant): Promise<Instant> {
  const at = (await operationTimes(db, [operationId], real)).get(operationId);
  if (at === undefined) throw new Error(`Operation ${operationId} has no clock`);
  return at;
}
