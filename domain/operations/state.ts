import type { OperationEvent, OperationEvents, OperationEventType, Phase, Scope } from './events.ts';

/** Where an operation stands (domain.md 5.1). `suspended` is what a suspension of everything makes of `running` or `winding_down`. */
export const OPERATION_STATUSES = {
  draft: 'Being prepared; people can be registered, nothing else happens.',
  activated: 'The government has asked and the leads are named; the start is imminent.',
  running: 'People are taken in, decided on and moved.',
  suspended: 'Everything stands still; people under way go on to the next safe place.',
  winding_down: 'Nobody new is taken in; who is here is brought to an end.',
  closed: 'Everybody’s journey has ended or was handed over.',
  cancelled: 'Given up before it ran.',
} as const;

export type OperationStatus = keyof typeof OPERATION_STATUSES;

export type OpenSuspension = { suspensionId: string } & Scope;

/** What an operation keeps in memory: never people, who are counted in SQL. */
export type OperationState = {
  seq: number;
  /** the main line, suspensions aside */
  line: Exclude<OperationStatus, 'suspended'>;
  governmentRequestRef?: string;
  suspensions: OpenSuspension[];
  phases: Record<string, Phase>;
};

export function emptyOperation(): OperationState {
  return { seq: 0, line: 'draft', suspensions: [], phases: {} };
}

type Applier<T extends OperationEventType> = (
  state: OperationState,
  data: OperationEvents[T],
) => Partial<OperationState>;

const APPLY: { [T in OperationEventType]: Applier<T> } = {
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
};

/** The state after a event, with the next sequence number. Events cannot fail. */
export function apply(state: OperationState, event: OperationEvent): OperationState {
  const change = APPLY[event.type] as Applier<OperationEventType>;
  return { ...state, ...change(state, event.data), seq: state.seq + 1 };
}

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
