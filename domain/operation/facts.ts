import type { FactHeader } from '../journey/facts.ts';

/** What a suspension covers: everything, a stage of the way home, a site, or people of one nationality. */
export type Scope = { scopeKind: 'all' } | { scopeKind: 'stage' | 'site' | 'nationality'; scopeValue: string };

export const PHASES = ['before', 'during', 'after'] as const;
export type Phase = (typeof PHASES)[number];

/** What the sweep at a resumption found no longer to hold, in people of the scope: listed before anybody is seated. */
export type Lapsed = { consent: number; fitness: number; document: number };

/** What can be true of an operation. Ids, codes and counts: an operation never names its people. */
export type OperationFacts = {
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

export type OperationFactType = keyof OperationFacts;
export type OperationFact = {
  [T in OperationFactType]: FactHeader & { type: T; data: OperationFacts[T] };
}[OperationFactType];
