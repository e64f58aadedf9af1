import type { Detail } from '../../domain/commands.ts';
import type { EventHeader } from '../../domain/journeys/events.ts';
import type { MovementSteps } from '../../domain/movements/commands/define.ts';
import type { Scan } from '../../domain/movements/events.ts';
import { COMPENSATIONS, movementLists } from '../activities.ts';
import { compensate } from '../aggregate/compensate.ts';
import { ReservationRefused, type StepsOf } from '../aggregate/live.ts';
import type { MovementRun } from './run.ts';

/*
 * The steps of a movement: each takes its transaction and makes its events. They run one after the other (`exclusively`),
 * whoever asked for them: a member of staff, the carrier, or a journey.
 */

/** The one reason that people and partners receive when a household cannot travel: not everybody may know the real one. */
const NOT_TRAVELLING = 'not_travelling';

type By = Partial<EventHeader>;

async function allocate(run: MovementRun, by: By): Promise<Detail> {
  const { manifest } = run.state;
  const { amended, ...result } = await movementLists.allocateSeats({
    ...run.transaction(by),
    rules: run.rules,
    ...(manifest.locked ? { amend: nextVersion(run) } : {}),
  });
  run.event('seatsAllocated', result, by);
  if (amended) run.event('manifestAmended', amended, by);
  run.seatsChanged();
  const { households, people, refused, released } = result;
  return { households, people, refused, released };
}

async function lock(run: MovementRun, by: By): Promise<Detail> {
  const { version } = nextVersion(run);
  const locked = await movementLists.lockManifest({ ...run.transaction(by), version, rules: run.rules });
  if (locked.outcome === 'over_capacity')
    throw new ReservationRefused('More people have seats than the vehicle holds: allocate again first');
  const released = locked.released.length;
  if (released > 0) run.seatsChanged();
  if (locked.outcome === 'nobody') {
    run.event('seatsAllocated', { households: 0, people: 0, refused: released, released, overCapacity: false }, by);
    throw new ReservationRefused(
      'Nobody on the list may travel now; who was released, and why, stands inBackground the movement',
    );
  }
  run.event('manifestLocked', { version, people: locked.people, released }, by);
  return { version, people: locked.people, released };
}

/** Takes a household off the list; after the lock the manifest goes on under its next version. */
export async function releaseHousehold(run: MovementRun, householdId: string, by: By): Promise<Detail> {
  const { people, aboard, amended } = await run.transactions.releaseHousehold({
    ...run.transaction(by),
    householdId,
    reasonCode: NOT_TRAVELLING,
    ...(run.state.manifest.locked ? { amend: nextVersion(run) } : {}),
  });
  if (people > 0 || aboard > 0) run.event('householdReleased', { householdId, people, aboard }, by);
  if (amended) run.event('manifestAmended', amended, by);
  if (people > 0) run.seatsChanged();
  return { people, aboard };
}

async function scan(run: MovementRun, scans: Scan[], by: By): Promise<Detail> {
  const { gate, mustLeave, departedAt } = run.state;
  const { offBoard, refused, ...counts } = await movementLists.applyScans({
    ...run.transaction(by),
    rules: run.rules,
    scans,
    departed: departedAt !== undefined,
    mustLeave,
  });
  const changed = (Object.keys(counts) as Array<keyof typeof counts>).some((key) => counts[key] !== gate[key]);
  if (changed || refused > 0) run.event('scansApplied', { ...counts, refused }, by);
  for (const householdId of offBoard) run.event('householdOffBoard', { householdId }, by);
  if (changed) run.seatsChanged();
  return { ...counts, refused };
}

/** @param already somebody outside says that it has left: then nothing can be refused any more */
export async function depart(run: MovementRun, already: boolean, by: By): Promise<Detail> {
  const left = await run.transactions.departSeats({ ...run.transaction(by), rules: run.rules, already });
  if (left.outcome === 'refused') throw new ReservationRefused(left.reason);
  const { aboard, unaccounted } = left;
  run.event('movementDeparted', { aboard, unaccounted }, by);
  run.seatsChanged();
  return { aboard, unaccounted };
}

export async function arrive(run: MovementRun, stop: string, by: By): Promise<Detail> {
  const { stops } = run.state;
  const last = stops.at(-1) === stop;
  const { alighted } = await run.transactions.arriveSeats({
    ...run.transaction(by),
    stop,
    last,
    otherStops: stops.filter((other) => other !== stop),
  });
  run.event('movementArrived', { stop, last, alighted }, by);
  run.seatsChanged();
  return { alighted };
}

/** Counts; an even count closes the movement, a difference keeps it open until somebody has said what became of each. */
async function reconcile(run: MovementRun, by: By): Promise<Detail> {
  const { unaccounted, ...counts } = await run.transactions.reconcileSeats({ movementId: run.subject });
  if (unaccounted !== 0) {
    run.event('reconciliationBroken', { ...counts, unaccounted }, by);
  } else {
    run.event('movementReconciled', counts, by);
    run.event('movementClosed', {}, by);
  }
  return { ...counts, unaccounted };
}

/** The movement does not run: every seat is free again before anything else is said. */
export async function cancel(run: MovementRun, by: By): Promise<Detail> {
  const transaction = run.transaction(by);
  const { released } = await compensate(run, 'seats', COMPENSATIONS.seats, { ...transaction, reasonCode: 'cancelled' });
  run.event('movementCancelled', { released, byCarrier: by.actor?.kind === 'partner' }, by);
  run.seatsChanged();
  return { released };
}

function nextVersion(run: MovementRun): { version: number; rulesVersion: number } {
  return { version: run.state.manifest.version + 1, rulesVersion: run.rules.version };
}

async function writeClearance(
  run: MovementRun,
  clearance: MovementSteps['writeClearance']['input'],
  by: By,
): Promise<Detail> {
  await run.transactions.writeClearance({ ...run.transaction(by), ...clearance });
  return {};
}

/** The steps that commands name. */
export const STEPS: StepsOf<MovementSteps, MovementRun> = {
  writeClearance,
  allocateSeats: (run, _input, by) => allocate(run, by),
  lockManifest: (run, _input, by) => lock(run, by),
  applyScans: (run, { scans }, by) => scan(run, scans, by),
  depart: (run, _input, by) => depart(run, false, by),
  arrive: (run, { stop }, by) => arrive(run, stop, by),
  reconcile: (run, _input, by) => reconcile(run, by),
  releaseHousehold: (run, { householdId }, by) => releaseHousehold(run, householdId, by),
  cancel: (run, _input, by) => cancel(run, by),
};
