import type { Unfinished } from '../domain/operations/commands/lifecycle.ts';
import type { Lapsed, Phase, Scope } from '../domain/operations/events.ts';
import type { Instant } from '../domain/time.ts';

/**
 * Transactions of an operation. Each one commits before its event is recorded, and is idempotent.
 * They run as local activities; adapters/postgres/operations/operationTransactions.ts implements them.
 */
export type OperationActivities = {
  /** The reference of the government's request and the lead of each area; principals, not names. */
  nameLeads(input: { operationId: string; governmentRequestRef: string; leads: Record<string, string> }): Promise<void>;
  /** From this moment preconditions and timers see the suspension. */
  openSuspension(
    input: { operationId: string; suspensionId: string; at: Instant; reasonCode: string } & ScopeInput,
  ): Promise<void>;
  /** Ends the suspension, and counts the people in its scope whose consent, finding or document has lapsed. */
  closeSuspension(input: {
    operationId: string;
    suspensionId: string;
    at: Instant;
    consentMaxAge: number;
  }): Promise<Lapsed>;
  setPhase(input: { operationId: string; area: string; phase: Phase }): Promise<void>;
  /** Closes registration. */
  stopRegistration(input: { operationId: string }): Promise<void>;
  /** Closes registration if nothing is left to finish, and reports what is left otherwise. */
  beginEnd(input: { operationId: string }): Promise<Unfinished>;
};

type ScopeInput = { scopeKind: Scope['scopeKind']; scopeValue?: string };
