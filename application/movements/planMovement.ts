import type { ClearanceKind } from '../../domain/movements/events.ts';
import { changedTimes, withOffsets, type Zones } from '../../domain/movements/localTimes.ts';
import type { Rules } from '../../domain/rules.ts';
import { instantOf, type OperationClock } from '../../domain/time.ts';
import { type MovementInput, TASK_QUEUE, workflowId } from '../../workflows/messages.ts';
import type { Alarm } from '../alarms/alarms.ts';
import type { Movement, MovementPlan, MovementReads } from './reads.ts';

export type NewMovement = MovementPlan &
  Pick<Movement, 'id' | 'operationId' | 'timeZoneTable' | 'departsAt' | 'arrivesAt'> & {
    clearances: readonly ClearanceKind[];
    start: { workflowId: string; workflow: 'movement'; taskQueue: string; input: MovementInput };
  };

export type PlanPorts = Pick<MovementReads, 'operationOf'> & {
  zones: Zones;
  operations: { rules(id: string): Promise<Rules>; clock(id: string): Promise<OperationClock> };
  partners: { read(id: string): Promise<{ kind: string } | undefined> };
  /**
   * Writes the movement, its clearances and the order to start its workflow at once. Idempotent by id. `taken`: another
   * movement of the operation has the reference.
   */
  insert(movement: NewMovement): Promise<'planned' | 'taken'>;
};

/** What of the plan is wrong: the way to the field, and why. */
export type WrongPlan = { path: ReadonlyArray<string | number>; code: string; detail: string };
export type Planned = 'planned' | 'taken' | { wrong: WrongPlan[] };

/** Plans a movement. Local times get the offset of their stop's time zone. The carrier always has to give its clearance. */
export const planMovement =
  (ports: PlanPorts) =>
  async (
    id: string,
    operationId: string,
    plan: MovementPlan & { clearances: readonly ClearanceKind[] },
  ): Promise<Planned> => {
    const { carrierId, replacesId, leg, timeZones, capacity } = plan;
    const unknown = (field: string, detail: string): Planned => ({
      wrong: [{ path: [field], code: 'unknown', detail }],
    });
    if (carrierId !== null && (await ports.partners.read(carrierId))?.kind !== 'carrier')
      return unknown('carrierId', 'There is no such carrier.');
    if (replacesId !== null && (await ports.operationOf(replacesId)) !== operationId)
      return unknown('replacesId', 'There is no such movement in this operation.');
    const [rules, clock] = await Promise.all([
      ports.operations.rules(operationId),
      ports.operations.clock(operationId),
    ]);
    const legs = rules.legs.map(({ code }) => code);
    if (!legs.includes(leg)) return unknown('leg', `The rules know the legs ${legs.join(', ')}.`);
    const stops = withOffsets(plan.stops, timeZones, ports.zones);
    if ('wrong' in stops) return stops;

    const departsAt = instantOf(stops[0]?.departsAt ?? '');
    const arrivesAt = instantOf(stops.at(-1)?.arrivesAt ?? '');
    const clearances = plan.clearances.filter((kind) => kind !== 'carrier');
    const { stretcherSeats: _, ...places } = capacity;
    return ports.insert({
      ...plan,
      id,
      operationId,
      stops,
      departsAt,
      arrivesAt,
      timeZoneTable: Object.keys(timeZones).length > 0 ? ports.zones.table : null,
      clearances: ['carrier', ...clearances],
      start: {
        workflowId: workflowId.movement(id),
        workflow: 'movement',
        taskQueue: TASK_QUEUE,
        input: {
          version: 1,
          movementId: id,
          operationId,
          clock,
          rules,
          leg,
          ...(carrierId === null ? {} : { carrierId }),
          departsAt,
          arrivesAt,
          stops: stops.map(({ to }) => to),
          capacity: places,
          clearances,
        },
      },
    });
  };

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
