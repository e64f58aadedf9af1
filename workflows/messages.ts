import type { Actor } from '../domain/actor.ts';
import type { SeatKind } from '../domain/journeys/events.ts';
import type { Ending } from '../domain/journeys/statuses.ts';
import type { VehicleUpdate } from '../domain/requests/vehicle.ts';
import type { Instant } from '../domain/time.ts';
import type { ImportInput } from '../domain/workflowInputs.ts';

export type { JourneyAnswer, JourneyInput } from '../domain/journeys/stored.ts';
export type { MovementAnswer, MovementInput } from '../domain/movements/stored.ts';
export type { OperationAnswer, OperationInput } from '../domain/operations/stored.ts';
export type { PartnerAnswered } from '../domain/requests/index.ts';
export type { ImportInput, PartnerFeedInput } from '../domain/workflowInputs.ts';

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

/** The run of one step of an import; `round` counts how often its list has been checked. */
export const importRun = (importId: string, step: ImportInput['step'], round = 1) => ({
  workflowId: workflowId.import(importId, step, round),
  taskQueue: TASK_QUEUE,
});

/** ApplicationFailure type of a refused command; its first detail is `Refusal`. */
export const COMMAND_REFUSED = 'CommandRefused';
export type Refusal = { reason: string; allowed: string[] };

/** Signal `movementUpdated`: the movement notifies each of its people. Applied once per key, in order of rank. */
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
export type HouseholdMessage = {
  key: string;
  at: Instant;
  journeyId: string;
  ending: Ending;
  /** a child is or was in the household: protection decides whether the rest goes on */
  child?: boolean;
};

/** Signal `holdsFound`: the household was judged again, and these holds of this journey stand. */
export type HoldsMessage = { key: string; at: Instant; holdIds: string[] };

/** Signal `membersReady`: every member of the household can be asked about. `unready`: some lack more than a health check. */
export type MembersMessage = { key: string; unready: boolean };

/** Names of the signals of a journey; each takes a batch, so that update of one moment share a workflow task. */
export const journeySignals = {
  partnerAnswered: 'partnerAnswered',
  movementUpdated: 'movementUpdated',
  householdChanged: 'householdChanged',
  membersReady: 'membersReady',
  holdsFound: 'holdsFound',
} as const;

/** Signals of a movement. */
export const movementSignals = {
  householdMustLeave: 'householdMustLeave',
  carrierReported: 'carrierReported',
  partnerAnswered: 'partnerAnswered',
} as const;

/** A journey notifies the movement of its seat that the household group cannot travel. */
export type HouseholdMustLeave = {
  key: string;
  householdId: string;
  at: Instant;
};

/** What a carrier says of its own vehicle, through the inbox. */
export type CarrierMessage = {
  eventKey: string;
  partnerId: string;
  at: Instant;
  reasonCode?: string;
  update: VehicleUpdate;
};

export const feedSignals = { nudged: 'nudged' } as const;
