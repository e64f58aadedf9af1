import type { Aggregate } from '../aggregate.ts';
import type { OperationEvent, OperationEvents, OperationEventType } from './events.ts';
import type { OpenSuspension, OperationState, OperationStatus } from './stored.ts';

export { OPERATION_STATUSES } from './stored.ts';
export type { OperationState, OperationStatus };

export function emptyOperation(): OperationState {
  return { seq: 0, line: 'draft', suspensions: [], phases: {}, cancelRequested: false };
}

type Apply<T extends OperationEventType> = (state: OperationState, data: OperationEvents[T]) => Partial<OperationState>;

const APPLY: { [T in OperationEventType]: Apply<T> } = {
  operationOpened: () => ({}),
  operationActivated: (_state, data) => ({ line: 'activated', governmentRequestRef: data.governmentRequestRef }),
  operationStarted: () => ({ line: 'running' }),
  operationSuspended: (state, data) => ({ suspensions: [...state.suspensions, opened(data)] }),
  operationResumed: (state, data) => ({
    suspensions: state.suspensions.filter(({ suspensionId }) => suspensionId !== data.suspensionId),
  }),
  phaseSet: (state, data) => ({ phases: { ...state.phases, [data.area]: data.phase } }),
  windDownBegun: () => ({ line: 'winding_down' }),
  operationClosed: () => ({ line: 'closed' }),
  operationCancelled: () => ({ line: 'cancelled' }),
  waitReminded: () => ({}),
  waitDue: () => ({}),
  waitEscalated: () => ({}),
  cancelRequested: () => ({ cancelRequested: true }),
  cancelRequestDismissed: () => ({ cancelRequested: false }),
};

/** The state after a event, with the next sequence number. Events cannot fail. */
export function apply(state: OperationState, event: OperationEvent): OperationState {
  const change = APPLY[event.type] as Apply<OperationEventType>;
  return { ...state, ...change(state, event.data), seq: state.seq + 1 };
}

/** An operation as a fold over its events. */
export const OPERATION: Aggregate<OperationState, OperationEvent> = { empty: emptyOperation, evolve: apply };

export function statusOf(state: OperationState): OperationStatus {
  const moving = state.line === 'running' || state.line === 'winding_down';
  return moving && state.suspensions.some(({ scopeKind }) => scopeKind === 'all') ? 'suspended' : state.line;
}

export function ended(state: OperationState): boolean {
  return state.line === 'closed' || state.line === 'cancelled';
}

function opened(data: OperationEvents['operationSuspended']): OpenSuspension {
  return data.scopeKind === 'all'
    ? { suspensionId: data.suspensionId, scopeKind: 'all' }
    : { suspensionId: data.suspensionId, scopeKind: data.scopeKind, scopeValue: data.scopeValue ?? '' };
}
