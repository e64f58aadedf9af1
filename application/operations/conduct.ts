import { type Unfinished, unfinishedSentence } from '../../domain/operations/commands/lifecycle.ts';
import type { Lapsed, Phase, Scope } from '../../domain/operations/events.ts';
import { type Interval, suspensionOverlapOver } from '../../domain/operations/suspensionOverlap.ts';
import type { Instant } from '../../domain/time.ts';

/** Transactions of an operation that runs. Each commits before its event is recorded, and is idempotent. */
export type OperationSteps = {
  /** The reference of the government's request and the lead of each area; principals, not names. */
  nameLeads(input: { operationId: string; governmentRequestRef: string; leads: Record<string, string> }): Promise<void>;
  /** From this moment preconditions and timers see the suspension. */
  openSuspension(input: {
    operationId: string;
    suspensionId: string;
    scopeKind: Scope['scopeKind'];
    scopeValue?: string | undefined;
    at: Instant;
    reasonCode: string;
  }): Promise<void>;
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
};

export type EndPorts = {
  transaction<T>(
    work: (inside: {
      /** Nobody is registered until the transaction ends. */
      lock(operationId: string): Promise<void>;
      unfinished(operationId: string): Promise<Unfinished>;
      stopRegistration: OperationSteps['stopRegistration'];
    }) => Promise<T>,
  ): Promise<T>;
};

/** Closes registration if nothing is left to finish, and reports what is left otherwise. */
export const beginEnd =
  (ports: EndPorts) =>
  ({ operationId }: { operationId: string }): Promise<Unfinished> =>
    ports.transaction(async (inside) => {
      await inside.lock(operationId);
      const unfinished = await inside.unfinished(operationId);
      if (unfinishedSentence(unfinished) === undefined) await inside.stopRegistration({ operationId });
      return unfinished;
    });

/** A journey, a movement or the operation itself, between two moments. */
export type Suspended = { operationId: string; subject: string; since: Instant; at: Instant };

/**
 * How long the operation was suspended for the subject, and whether it still is. The operation itself is suspended only
 * by a suspension of everything.
 */
export const suspensionOverlap =
  (ports: { suspensionsOf(suspended: Suspended): Promise<Interval[]> }) =>
  async (suspended: Suspended): Promise<{ overlap: number; open: boolean }> =>
    suspensionOverlapOver(await ports.suspensionsOf(suspended), suspended.since, suspended.at);
