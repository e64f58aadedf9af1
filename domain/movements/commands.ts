import type { Role } from '../actor.ts';
import type { ClearanceKind, Scan } from './events.ts';
import { isOver, type MovementState, type MovementStatus, missingClearances, statusOf, stopsAhead } from './state.ts';

/** Arguments of each command, as they enter Temporal: ids, codes, instants. Schemas at the edge mirror these. */
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

type Asking = { id: string; role: Role };

type CommandRule<C extends MovementCommand> = {
  /** whose command it is */
  roles: readonly Role[];
  /** whether a reason (code and note) must be given */
  reason: boolean;
  /** undefined: allowed now. Otherwise why not, in words that any member of staff may read */
  refuse: (state: MovementState, args: MovementCommands[C], by: Asking) => string | undefined;
  sentence: string;
};

const DESK: readonly Role[] = ['movement_officer', 'coordinator'];
const LEADS: readonly Role[] = [...DESK, 'duty_supervisor', 'operation_lead'];
const GATE: readonly Role[] = ['movement_officer', 'case_worker', 'coordinator'];

/** More scans than this in one command are refused: the gate sends them as it goes. */
const SCANS_AT_ONCE = 2_000;

const left = (state: MovementState): boolean => state.departedAt !== undefined;
const LEFT = 'The movement has departed';

/** Which command is allowed when, and to whom: the one table that validators, the API and the console read. */
export const MOVEMENT_COMMANDS: { [C in MovementCommand]: CommandRule<C> } = {
  giveClearance: {
    roles: LEADS,
    reason: false,
    refuse: (s, args) => {
      if (left(s)) return LEFT;
      return s.clearances[args.kind] === 'given' ? 'This clearance is given already' : undefined;
    },
    sentence: 'Record that a clearance is there: the carrier, permits, security, the receiving State, reception',
  },
  loseClearance: {
    roles: LEADS,
    reason: true,
    refuse: (s, args) => {
      if (left(s)) return LEFT;
      return s.clearances[args.kind] === 'lost' ? 'This clearance is lost already' : undefined;
    },
    sentence: 'Record that a clearance is lost, or is needed after all: the gate is shut until it is there again',
  },
  allocateSeats: {
    roles: DESK,
    reason: false,
    refuse: (s) => {
      if (left(s)) return LEFT;
      // onto a vehicle that has become too small the list is corrected whatever its state; otherwise the lock holds
      if (s.overCapacity) return undefined;
      if (s.clearances.carrier !== 'given') return 'The carrier has not confirmed this movement';
      return s.manifest.locked ? 'The manifest is locked; reopen it first' : undefined;
    },
    sentence:
      'Give the seats to whole households, by priority and date of request; where the vehicle became smaller, say who stays',
  },
  lockManifest: {
    roles: DESK,
    reason: false,
    refuse: (s) => {
      if (left(s)) return LEFT;
      if (s.manifest.locked) return 'The manifest is locked already';
      if (s.overCapacity) return 'More people have seats than the vehicle holds: allocate again first';
      if (s.seated.people === 0) return 'Nobody has a seat yet';
      return cleared(s);
    },
    sentence: 'Lock the manifest: from here on changes need two roles',
  },
  reopenManifest: {
    roles: LEADS,
    reason: true,
    refuse: (s, _args, by) => {
      if (left(s)) return LEFT;
      if (!s.manifest.locked) return 'The manifest is not locked';
      if (s.boarding) return 'Boarding has begun; what happens at the gate is scanned';
      const first = s.manifest.reopeningRequestedBy;
      if (first && (first.id === by.id || first.role === by.role)) {
        return 'A change after the lock needs two roles: another person under another role has to agree';
      }
      return undefined;
    },
    sentence: 'Reopen the locked manifest; a second person under another role must agree',
  },
  openBoarding: {
    roles: DESK,
    reason: false,
    refuse: (s) => {
      if (left(s)) return LEFT;
      if (s.boarding) return 'Boarding is open already';
      if (!s.manifest.locked) return 'The manifest is not locked yet';
      if (s.overCapacity) return 'More people have seats than the vehicle holds: allocate again first';
      return cleared(s);
    },
    sentence: 'Open the gate',
  },
  applyScans: {
    roles: GATE,
    reason: false,
    refuse: (s, args) => {
      if (args.scans.length > SCANS_AT_ONCE) return `At most ${SCANS_AT_ONCE} scans at once`;
      if (s.reconciled) return 'Every seat is accounted for already';
      return s.boarding || left(s) ? undefined : 'The gate is not open';
    },
    sentence: 'Record who came to the gate, boarded, did not come, was turned away or left again',
  },
  recordDeparture: {
    roles: DESK,
    reason: false,
    refuse: (s) => {
      if (left(s)) return LEFT;
      return s.boarding ? undefined : 'The gate has not been opened';
    },
    sentence: 'Record that it has left; refused while a household stands divided or somebody is unaccounted for',
  },
  recordArrival: {
    roles: ['movement_officer', 'coordinator', 'case_worker'],
    reason: false,
    refuse: (s, args) => {
      if (!left(s)) return 'The movement has not departed';
      if (!s.stops.includes(args.stop)) return 'The movement does not stop there';
      return s.arrivedStops.includes(args.stop) ? 'This arrival is recorded already' : undefined;
    },
    sentence: 'Record that it has reached a stop',
  },
  reconcile: {
    roles: DESK,
    reason: false,
    refuse: (s) => {
      if (s.reconciled) return 'Every seat is accounted for already';
      if (!s.arrived) return 'The movement has not reached its last stop';
      const [stop] = stopsAhead(s);
      return stop === undefined ? undefined : `Nobody has recorded the arrival at ${stop}`;
    },
    sentence: 'Count: booked = boarded + did not come + turned away + left again; a difference keeps the movement open',
  },
  releaseHousehold: {
    roles: LEADS,
    reason: true,
    refuse: (s) => (left(s) ? LEFT : undefined),
    sentence: 'Take a household off the list; it keeps its place in the order',
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

/** Why a command is refused now, or undefined: the role, the reason, then the state. A movement that is over takes no command. */
export function refusalOf<C extends MovementCommand>(
  state: MovementState,
  command: C,
  args: MovementCommands[C],
  by: Asking,
  reasonCode?: string,
): string | undefined {
  const rule = MOVEMENT_COMMANDS[command];
  if (!rule.roles.includes(by.role)) return `This is not for a ${by.role} to decide`;
  if (rule.reason && !reasonCode) return 'A reason must be given';
  if (isOver(state)) return OVER[statusOf(state)];
  return rule.refuse(state, args, by);
}

/** The commands that `role` could give now (arguments aside, those that need them are judged with plausible ones). */
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
