import type { Role } from '../../actor.ts';
import { commandsOf, type Detail } from '../../commands.ts';
import type { ClearanceKind, MovementEvent, Scan } from '../events.ts';
import { type MovementState, missingClearances } from '../state.ts';

type Step<Input extends object = Record<never, never>> = { input: Input; result: Detail };

/** Transactions on seats. All but `writeClearance` make their own events, because the carrier and journeys cause them too. */
export type MovementSteps = {
  writeClearance: Step<{ kind: ClearanceKind; status: 'given' | 'lost' }>;
  allocateSeats: Step;
  lockManifest: Step;
  applyScans: Step<{ scans: Scan[] }>;
  depart: Step;
  arrive: Step<{ stop: string }>;
  reconcile: Step;
  releaseHousehold: Step<{ householdId: string }>;
  cancel: Step;
};

export const defineCommand = commandsOf<{ state: MovementState; event: MovementEvent; steps: MovementSteps }>();

export const OFFICERS: readonly Role[] = ['movement_officer', 'coordinator'];
export const LEADS: readonly Role[] = [...OFFICERS, 'duty_supervisor', 'operation_lead'];
export const GATE: readonly Role[] = ['movement_officer', 'case_worker', 'coordinator'];

export const hasDeparted = ({ departedAt }: MovementState): boolean => departedAt !== undefined;
export const DEPARTED = 'The movement has departed';
export const TOO_SMALL = 'More people have seats than the vehicle has: allocate again first';

export function unlessCleared(state: MovementState): string | undefined {
  const missing = missingClearances(state);
  return missing.length === 0 ? undefined : `Clearances are missing: ${missing.join(', ')}`;
}
