import type { Role } from '../actor.ts';
import type { ClearanceKind, Scan } from './events.ts';
import { isOver, type MovementState, type MovementStatus, missingClearances, statusOf, stopsAhead } from './state.ts';

/** Arguments of each command, as they enter Temporal: ids, codes, instants. The schemas of the API mirror these. */
export type MovementCommands = {
  giveClearance: { kind: ClearanceKind };
  loseClearance: { kind: ClearanceKind };
  allocateSeats: Record<never, never>;
  lockManifest: Record<never, never>;
  reopenManifest: Record<never, never>;
  openBoarding: Record<never, never>;
  applyScans: { scans: Scan[] };
  recordDeparture: Record<never, never>;
  recordArrival: { stop: string };
  reconcile: Record<never, never>;
  releaseHousehold: { householdId: string };
  cancelMovement: Record<never, never>;
  dismissCancelRequest: Record<never, never>;
};

export type MovementCommand = keyof MovementCommands;

type Sender = { id: string; role: Role };

type CommandRule<C extends MovementCommand> = {
  /** who may give the command */
  roles: readonly Role[];
  /** whether a reason (code and note) must be given */
  reason: boolean;
  /** undefined: allowed now. Otherwise the reason, in a sentence that any member of staff may read */
  refuse: (state: MovementState, args: MovementCommands[C], by: Sender) => string | undefined;
  sentence: string;
};

const OFFICERS: readonly Role[] = ['movement_officer', 'coordinator'];
const LEADS: readonly Role[] = [...OFFICERS, 'duty_supervisor', 'operation_lead'];
const GATE: readonly Role[] = ['movement_officer', 'case_worker', 'coordinator'];

/** A command with more scans is refused: scanners send their scans in batches. */
const SCANS_AT_ONCE = 2_000;

const left = (state: MovementState): boolean => state.departedAt !== undefined;
const LEFT = 'The movement has departed';

/** Which command is allowed when, and to whom. Update validators, the API and the console read this one table. */
export const MOVEMENT_COMMANDS: { [C in MovementCommand]: CommandRule<C> } = {
  giveClearance: {
    roles: LEADS,
    reason: false,
    refuse: (s, args) => {
      if (left(s)) return LEFT;
      return s.clearances[args.kind] === 'given' ? 'This clearance is already given' : undefined;
    },
    sentence: 'Record a clearance: carrier, permit, security, receiving State or reception',
  },
  loseClearance: {
    roles: LEADS,
    reason: true,
    refuse: (s, args) => {
      if (left(s)) return LEFT;
      return s.clearances[args.kind] === 'lost' ? 'This clearance is already lost' : undefined;
    },
    sentence: 'Record that a clearance is lost or newly needed: nobody boards until it is given',
  },
  allocateSeats: {
    roles: OFFICERS,
    reason: false,
    refuse: (s) => {
      if (left(s)) return LEFT;
      // after a change to a smaller vehicle the list is corrected even while the manifest is locked; otherwise the
      // lock applies
      if (s.overCapacity) return undefined;
      if (s.clearances.carrier !== 'given') return 'The carrier has not confirmed this movement';
      return s.manifest.locked ? 'The manifest is locked; reopen it first' : undefined;
    },
    sentence:
      'Allocate seats to whole households, by priority and date of request; on a smaller vehicle, release those that no longer fit',
  },
  lockManifest: {
    roles: OFFICERS,
    reason: false,
    refuse: (s) => {
      if (left(s)) return LEFT;
      if (s.manifest.locked) return 'The manifest is already locked';
      if (s.overCapacity) return 'More people have seats than the vehicle has: allocate again first';
      if (s.seated.people === 0) return 'Nobody has a seat yet';
      return cleared(s);
    },
    sentence: 'Lock the manifest: later changes need two roles',
  },
  reopenManifest: {
    roles: LEADS,
    reason: true,
    refuse: (s, _args, by) => {
      if (left(s)) return LEFT;
      if (!s.manifest.locked) return 'The manifest is not locked';
      if (s.boarding) return 'Boarding has begun; record it with scans at the gate';
      const first = s.manifest.reopeningRequestedBy;
      if (first && (first.id === by.id || first.role === by.role)) {
        return 'A change after the lock needs two roles: another person under another role has to agree';
      }
      return undefined;
    },
    sentence: 'Reopen the locked manifest; a second person under another role must agree',
  },
  openBoarding: {
    roles: OFFICERS,
    reason: false,
    refuse: (s) => {
      if (left(s)) return LEFT;
      if (s.boarding) return 'Boarding is already open';
      if (!s.manifest.locked) return 'The manifest is not locked yet';
      if (s.overCapacity) return 'More people have seats than the vehicle has: allocate again first';
      return cleared(s);
    },
    sentence: 'Open the gate',
  },
  applyScans: {
    roles: GATE,
    reason: false,
    refuse: (s, args) => {
      if (args.scans.length > SCANS_AT_ONCE) return `At most ${SCANS_AT_ONCE} scans at once`;
      if (s.reconciled) return 'Every seat is already accounted for';
      return s.boarding || left(s) ? undefined : 'The gate is not open';
    },
    sentence: 'Record scans: checked in, boarded, no-show, denied boarding or offloaded',
  },
  recordDeparture: {
    roles: OFFICERS,
    reason: false,
    refuse: (s) => {
      if (left(s)) return LEFT;
      return s.boarding ? undefined : 'The gate has not been opened';
    },
    sentence: 'Record the departure; refused while a household is separated or a seat is not accounted for',
  },
  recordArrival: {
    roles: ['movement_officer', 'coordinator', 'case_worker'],
    reason: false,
    refuse: (s, args) => {
      if (!left(s)) return 'The movement has not departed';
      if (!s.stops.includes(args.stop)) return 'The movement does not stop there';
      return s.arrivedStops.includes(args.stop) ? 'This arrival is already recorded' : undefined;
    },
    sentence: 'Record the arrival at a stop',
  },
  reconcile: {
    roles: OFFICERS,
    reason: false,
    refuse: (s) => {
      if (s.reconciled) return 'Every seat is already accounted for';
      if (!s.arrived) return 'The movement has not reached its last stop';
      const [stop] = stopsAhead(s);
      return stop === undefined ? undefined : `Nobody has recorded the arrival at ${stop}`;
    },
    sentence: 'Reconcile: booked = boarded + no-show + denied + offloaded; a difference keeps the movement open',
  },
  releaseHousehold: {
    roles: LEADS,
    reason: true,
    refuse: (s) => (left(s) ? LEFT : undefined),
    sentence: 'Release the seats of a household; it keeps its place in the order',
  },
  cancelMovement: {
    roles: LEADS,
    reason: true,
    refuse: (s) => (left(s) ? LEFT : undefined),
    sentence: 'Cancel the movement: every seat is free again, and everybody keeps their place in the order',
  },
  dismissCancelRequest: {
    roles: LEADS,
    reason: true,
    refuse: (s) => (s.cancelRequested ? undefined : 'Nobody has asked Temporal to cancel this movement'),
    sentence: 'Record that the movement goes on although somebody asked Temporal to cancel it',
  },
};

const OVER: Partial<Record<MovementStatus, string>> = {
  cancelled: 'The movement is cancelled',
  closed: 'The movement is closed',
};

function cleared(state: MovementState): string | undefined {
  const missing = missingClearances(state);
  return missing.length === 0 ? undefined : `Clearances are missing: ${missing.join(', ')}`;
}

/**
 * Why a command is refused now, or undefined: first the role, then the reason, then the state. A closed or cancelled
 * movement refuses every command.
 */
export function refusalOf<C extends MovementCommand>(
  state: MovementState,
  command: C,
  args: MovementCommands[C],
  by: Sender,
  reasonCode?: string,
): string | undefined {
  const rule = MOVEMENT_COMMANDS[command];
  if (!rule.roles.includes(by.role)) return `This is not for a ${by.role} to decide`;
  if (rule.reason && !reasonCode) return 'A reason must be given';
  if (isOver(state)) return OVER[statusOf(state)];
  return rule.refuse(state, args, by);
}

/** The commands that `role` can give now. Commands with arguments are judged with plausible arguments. */
export function allowedMovementCommands(state: MovementState, roles: readonly Role[]): MovementCommand[] {
  return (Object.keys(MOVEMENT_COMMANDS) as MovementCommand[]).filter((command) =>
    roles.some(
      (role) => refusalOf(state, command, plausible(state, command), { id: '', role }, 'requested') === undefined,
    ),
  );
}

function plausible<C extends MovementCommand>(state: MovementState, command: C): MovementCommands[C] {
  const kinds = Object.keys(state.clearances) as ClearanceKind[];
  const samples: MovementCommands = {
    giveClearance: { kind: missingClearances(state)[0] ?? 'carrier' },
    loseClearance: { kind: kinds.find((kind) => state.clearances[kind] === 'given') ?? 'security' },
    allocateSeats: {},
    lockManifest: {},
    reopenManifest: {},
    openBoarding: {},
    applyScans: { scans: [] },
    recordDeparture: {},
    recordArrival: { stop: stopsAhead(state)[0] ?? '' },
    reconcile: {},
    releaseHousehold: { householdId: '' },
    cancelMovement: {},
    dismissCancelRequest: {},
  };
  return samples[command];
}
