import { type Aggregate, evolveBy } from '../events.ts';
import { OPERATION_EVENTS, type OperationEvent } from './events.ts';
import type { OperationState, OperationStatus } from './stored.ts';

export { OPERATION_STATUSES } from './stored.ts';
export type { OperationState, OperationStatus };

export function emptyOperation(): OperationState {
  return { seq: 0, line: 'draft', suspensions: [], phases: {}, cancelRequested: false };
}

/** The state after an event. */
export const apply = evolveBy<OperationState, OperationEvent>(OPERATION_EVENTS);

/** An operation as a fold over its events. */
export const OPERATION: Aggregate<OperationState, OperationEvent> = { empty: emptyOperation, evolve: apply };

export function statusOf(state: OperationState): OperationStatus {
  const moving = state.line === 'running' || state.line === 'winding_down';
  return moving && state.suspensions.some(({ scopeKind }) => scopeKind === 'all') ? 'suspended' : state.line;
}

export function ended(state: OperationState): boolean {
  return state.line === 'closed' || state.line === 'cancelled';
}
