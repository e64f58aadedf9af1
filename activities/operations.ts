import type { Unfinished } from '../domain/operations/commands.ts';
import type { Lapsed, Phase, Scope } from '../domain/operations/events.ts';
import type { Instant } from '../domain/time.ts';

/**
 * TokenClaims of an operation: each one transaction that comes before its event and is the same when it is done twice.
 * Called as local activities; adapters/postgres/operations/operationTransactions.ts is what stands behind them.
 */
export type OperationActivities = {
  /** The request's reference and who leads which area; principals, not names. */
  nameLeads(input: { operationId: string; governmentRequestRef: string; leads: Record<string, string> }): Promise<void>;
  /** From this moment gates and timers see the suspension. */
  openSuspension(
    input: { operationId: string; suspensionId: string; at: Instant; reasonCode: string } & ScopeInput,
  ): Promise<void>;
  /** Ends it, and counts who in its scope must be asked, checked or given papers anew before being seated. */
  closeSuspension(input: {
    operationId: string;
    suspensionId: string;
    at: Instant;
    consentMaxAge: number;
  }): Promise<Lapsed>;
  setPhase(input: { operationId: string; area: string; phase: Phase }): Promise<void>;
  /** Nobody new is taken in from here on. */
  stopRegistration(input: { operationId: string }): Promise<void>;
  /** Stops registration if nothing is left to finish, and says what is left if there is. */
  beginEnd(input: { operationId: string }): Promise<Unfinished>;
};

type ScopeInput = { scopeKind: Scope['scopeKind']; scopeValue?: string };
