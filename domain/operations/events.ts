import type { EventHeader } from '../journeys/events.ts';

/** What a suspension covers: everything, a leg of the way home, a site, or people of one nationality. */
export type Scope = { scopeKind: 'all' } | { scopeKind: 'leg' | 'site' | 'nationality'; scopeValue: string };

export const PHASES = ['before', 'during', 'after'] as const;
export type Phase = (typeof PHASES)[number];

/** What the sweep at a resumption found no longer to hold, in people of the scope: listed before anybody is seated. */
export type Lapsed = { consent: number; fitness: number; document: number };

/** What can be true of an operation. Ids, codes and counts: an operation never names its people. */
export type OperationEvents = {
  operationOpened: Record<never, never>;
  operationActivated: { governmentRequestRef: string; leads: Record<string, string> };
  operationStarted: Record<never, never>;
  operationSuspended: { suspensionId: string; scopeKind: Scope['scopeKind']; scopeValue?: string };
  operationResumed: { suspensionId: string; lapsed: Lapsed };
  phaseSet: { area: string; phase: Phase };
  windDownBegun: Record<never, never>;
  operationClosed: Record<never, never>;
  operationCancelled: Record<never, never>;
};

export type OperationEventType = keyof OperationEvents;
export type OperationEvent = {
  [T in OperationEventType]: EventHeader & { type: T; data: OperationEvents[T] };
}[OperationEventType];
