import type { Actor } from '../domain/actor.ts';
import type { OperationClock } from '../domain/clock.ts';
import type { SeatKind } from '../domain/journeys/events.ts';
import type { JourneyState } from '../domain/journeys/state.ts';
import type { Ending, JourneyPhase, JourneyStatus } from '../domain/journeys/statuses.ts';
import type { Wait } from '../domain/journeys/waits.ts';
import type { Capacity, ClearanceKind } from '../domain/movements/events.ts';
import type { MovementState } from '../domain/movements/state.ts';
import type { OperationState, OperationStatus } from '../domain/operations/state.ts';
import type { Answer, VehicleUpdate } from '../domain/partners/answers.ts';
import type { Rules } from '../domain/rules.ts';
import type { Instant } from '../domain/time.ts';
import type { Given } from './memory.ts';

/** The one task queue of the system. */
export const TASK_QUEUE = 'homeward';

/** Signal of every workflow that may run for long: another worker version takes new workflows. It wakes, and says no more. */
export const NEW_VERSION = 'newVersion';

/** Workflow ids are built here, from business ids, and nowhere else. */
export const workflowId = {
  journey: (id: string) => `journey:${id}`,
  movement: (id: string) => `movement:${id}`,
  operation: (id: string) => `operation:${id}`,
  feed: (endpointId: string) => `feed:${endpointId}`,
  /** @param round how often the list has been checked: a corrected list is checked and committed again */
  import: (id: string, step: ImportInput['step'], round = 1) => `import:${id}:${step}${round === 1 ? '' : `:${round}`}`,
} as const;

/** A person's decision, as it travels: the id is the idempotency key, free text stays behind as `noteId`. */
export type Command<Args> = {
  commandId: string;
  actor: Extract<Actor, { kind: 'staff' }>;
  args: Args;
  reasonCode?: string;
  noteId?: string;
};

/** Answered after the events are recorded. */
export type JourneyAnswer = { seq: number; status: JourneyStatus; phase: JourneyPhase };

/** ApplicationFailure type of a refused command; its first detail is `Refusal`. */
export const COMMAND_REFUSED = 'CommandRefused';
export type Refusal = { reason: string; allowed: string[] };

/** Signal `partnerAnswered`. The event key makes twice once. */
export type PartnerAnswered = { eventKey: string; requestId: string; partnerId: string; at: Instant; answer: Answer };

/** Signal `movementUpdated`: what the movement tells each of its people. Applied once per key, in order of rank. */
export type MovementUpdate = {
  key: string;
  at: Instant;
  actor: Actor;
  reasonCode?: string;
  update:
    | { kind: 'seatAssigned'; movementId: string; leg: string; seat: SeatKind }
    | {
        kind: 'seatReleased' | 'checkedIn' | 'boarded' | 'noShow' | 'deniedBoarding' | 'offloaded' | 'departed';
        movementId: string;
      }
    | { kind: 'arrived'; movementId: string; leg: string };
};

/** Signal `householdChanged`: a member of the household has ended their journey without travelling. */
export type HouseholdMessage = { key: string; at: Instant; journeyId: string; ending: Ending };

/** Names of the signals of a journey; each takes a batch, so that update of one moment share a workflow task. */
export const journeySignals = {
  partnerAnswered: 'partnerAnswered',
  movementUpdated: 'movementUpdated',
  householdChanged: 'householdChanged',
} as const;

export type JourneyInput = {
  version: 1;
  journeyId: string;
  operationId: string;
  householdId: string;
  clock: OperationClock;
  rules: Rules;
  registration: {
    registeredAt: Instant;
    consent: 'given' | 'pending' | 'refused';
    holds: string[];
    route: string[];
    routeDecided: boolean;
    document?: { documentId: string; validUntil: Instant };
  };
  carried?: JourneyCarried;
};

/** What a journey takes along over continue-as-new. */
export type JourneyCarried = {
  state: JourneyState;
  waits: Wait[];
  /** answers to the last commands, so that the same command is answered the same in the next run */
  answered: Given<JourneyAnswer>[];
  /** keys of inFlightDuring update already applied */
  seen: string[];
};

/** Signals of a movement. */
export const movementSignals = {
  householdMustLeave: 'householdMustLeave',
  carrierReported: 'carrierReported',
  partnerAnswered: 'partnerAnswered',
} as const;

/** A journey tells the movement on which its household is seated that the unit cannot travel. */
export type HouseholdMustLeave = {
  key: string;
  householdId: string;
  at: Instant;
  cause: 'hold' | 'withdrawal' | 'ending' | 'household';
};

/** What a carrier says of its own vehicle, through the inbox. */
export type CarrierMessage = {
  eventKey: string;
  partnerId: string;
  at: Instant;
  reasonCode?: string;
  update: VehicleUpdate;
};

export type MovementAnswer = { seq: number; status: string; detail: Record<string, number> };

export type MovementInput = {
  version: 1;
  movementId: string;
  operationId: string;
  clock: OperationClock;
  rules: Rules;
  leg: string;
  carrierId?: string;
  departsAt: Instant;
  arrivesAt: Instant;
  /** codes of the stops in order, the last one the destination */
  stops: string[];
  capacity: Capacity;
  /** what must be cleared besides the carrier's own confirmation */
  clearances?: ClearanceKind[];
  carried?: MovementCarried;
};

/** What a movement takes along over continue-as-new. */
export type MovementCarried = {
  state: MovementState;
  waits: Wait[];
  answered: Given<MovementAnswer>[];
  seen: string[];
};

/** Answer to a command of an operation; each is an update, the table is domain/operations/commands.ts. */
export type OperationAnswer = { seq: number; status: OperationStatus };

export type OperationInput = {
  version: 1;
  operationId: string;
  clock: OperationClock;
  rules: Rules;
  carried?: OperationCarried;
};

/** What an operation takes along over continue-as-new. */
export type OperationCarried = {
  state: OperationState;
  answered: Given<OperationAnswer>[];
};

/** One for each webhook endpoint of a partner; the relay nudges it. */
export type PartnerFeedInput = { version: 1; endpointId: string };
export const feedSignals = { nudged: 'nudged' } as const;

/** A list on its way in: checked, and committed when somebody says so. */
export type ImportInput = { version: 1; importId: string; operationId: string; step: 'check' | 'commit' };
