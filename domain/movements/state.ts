import { type Aggregate, evolveBy } from '../events.ts';
import { iso } from '../time.ts';
import { type ClearanceKind, MOVEMENT_EVENTS, type MovementEvent } from './events.ts';
import type { MovementState } from './stored.ts';

export type { MovementState } from './stored.ts';

/** The main line of a movement. A delay is a new time, not a status. */
export const MOVEMENT_STATUSES = {
  planned: 'Planned; the carrier has not confirmed.',
  contracted: 'The carrier has confirmed; a clearance is missing.',
  cleared: 'Cleared to run; people are seated and the manifest is locked.',
  boarding: 'The gate is open.',
  departed: 'On the way.',
  arrived: 'At its last stop; seats are being accounted for.',
  reconciled: 'Every seat is accounted for.',
  closed: 'Over.',
  cancelled: 'Does not run; its seats are free.',
} as const;

export type MovementStatus = keyof typeof MOVEMENT_STATUSES;

export const STILL_TO_LEAVE: readonly MovementStatus[] = ['planned', 'contracted', 'cleared', 'boarding'];

/** Phases of a movement, in reading order. */
export const MOVEMENT_PHASES = [
  'contract',
  'clearances',
  'allocation',
  'boarding',
  'underway',
  'reconciliation',
  'close',
] as const;
export type MovementPhase = (typeof MOVEMENT_PHASES)[number];

/** A movement before its first event. */
export function emptyMovement(): MovementState {
  return {
    seq: 0,
    leg: '',
    stops: [],
    departsAt: 0,
    arrivesAt: 0,
    vehicleSince: 0,
    timesSince: 0,
    capacity: { seats: 0, infantLaps: 0, stretchers: 0, wheelchairs: 0 },
    overCapacity: false,
    booking: { status: 'none', round: 0 },
    clearances: {},
    seated: { households: 0, people: 0 },
    manifest: { version: 0, locked: false },
    boarding: false,
    gate: { checkedIn: 0, boarded: 0, noShow: 0, denied: 0, offloaded: 0 },
    mustLeave: [],
    receptionNotified: false,
    arrivedStops: [],
    arrived: false,
    setAside: [],
    broken: false,
    compensating: [],
    reconciled: false,
    cancelled: false,
    closed: false,
    cancelRequested: false,
  };
}

/** The state after an event. */
export const evolve = evolveBy<MovementState, MovementEvent>(MOVEMENT_EVENTS);

/** A movement as a fold over its events. */
export const MOVEMENT: Aggregate<MovementState, MovementEvent> = { empty: emptyMovement, evolve };

/** The clearances that are still missing, in the order in which they are listed. */
export function missingClearances(state: MovementState): ClearanceKind[] {
  return (Object.keys(state.clearances) as ClearanceKind[]).filter((kind) => state.clearances[kind] !== 'given');
}

/** The status is a fold over the state, never stored beside it. What has happened outweighs what was planned. */
export function statusOf(state: MovementState): MovementStatus {
  if (state.cancelled) return 'cancelled';
  if (state.closed) return 'closed';
  if (state.reconciled) return 'reconciled';
  if (state.arrived) return 'arrived';
  if (state.departedAt !== undefined) return 'departed';
  if (state.boarding) return 'boarding';
  if (state.clearances.carrier !== 'given') return 'planned';
  return missingClearances(state).length === 0 ? 'cleared' : 'contracted';
}

export function movementPhaseOf(state: MovementState): MovementPhase {
  switch (statusOf(state)) {
    case 'planned':
      return 'contract';
    case 'contracted':
      return 'clearances';
    case 'cleared':
      return state.manifest.locked ? 'boarding' : 'allocation';
    case 'boarding':
      return 'boarding';
    case 'departed':
      return 'underway';
    case 'arrived':
      return 'reconciliation';
    case 'reconciled':
    case 'closed':
    case 'cancelled':
      return 'close';
  }
}

/** What a carrier said that does not fit, and that a person has to look at: a departure nobody had boarded for, an end after the beginning. */
export function doubts(state: MovementState): string[] {
  const open = state.setAside.filter(({ kind }) => {
    if (kind === 'departed' || kind === 'arrived') return state.departedAt === undefined && !state.cancelled;
    return kind === 'cancelled' && state.departedAt !== undefined && !state.reconciled;
  });
  return open.map(({ eventKey }) => eventKey);
}

/** Whether the movement is over, for better or worse. */
export function isOver(state: MovementState): boolean {
  return state.closed || state.cancelled;
}

/** The stops that it has not reached yet, in order. */
export function stopsAhead(state: MovementState): string[] {
  return state.stops.filter((stop) => !state.arrivedStops.includes(stop));
}

/**
 * The movement's row from its state: columns of `movements`. Capacity and the counts of seats are no part of it:
 * claims write them under the lock of the row, before the event, so that no later batch can put back an older vehicle.
 */
export function movementProjection(state: MovementState): Record<string, unknown> {
  return {
    status: statusOf(state),
    departs_at: iso(state.departsAt),
    arrives_at: iso(state.arrivesAt),
    manifest_version: state.manifest.version,
    manifest_status: manifestStatus(state),
    booking_ref: state.booking.bookingRef ?? null,
  };
}

function manifestStatus(state: MovementState): 'none' | 'draft' | 'locked' | 'final' {
  if (state.manifest.locked) return state.departedAt === undefined ? 'locked' : 'final';
  return state.manifest.version > 0 || state.seated.people > 0 ? 'draft' : 'none';
}
