import type { Ending } from '../domain/journeys/statuses.ts';
import type { RecordBatch, RecordResult } from '../domain/record.ts';
import type { Instant } from '../domain/time.ts';

/** Activities that journeys and other workflows may call; each is made by a factory from the ports it needs. */
export type RecordActivities = {
  /** Local. One transaction: event_log, projection, waits, tasks, outbox, services. Same sequence with same content changes nothing. */
  record(batch: RecordBatch): Promise<RecordResult>;
  /** Local. When business timers stand still at `at` for this subject: when they go on, or null while nobody knows. */
  suspensionOverlap(input: {
    operationId: string;
    subject: string;
    at: Instant;
    since: Instant;
  }): Promise<SuspensionOverlap>;
};

/** `overlap`: how long the operation stood still between `since` and `at`. `open`: it still does. Milliseconds of operation time. */
export type SuspensionOverlap = { overlap: number; open: boolean };

/** What came of asking a partner. `blocked` carries neutral codes of the gate; `no_partner` opens a task for a person. */
export type RequestOutcome =
  | { outcome: 'requested'; requestId: string; partnerId: string; at: Instant }
  | { outcome: 'blocked'; reasons: string[] }
  | { outcome: 'no_partner' };

export type IdentityOutcome =
  | { outcome: 'match' | 'not_found' | 'several'; requestId: string; partnerId: string; at: Instant }
  | { outcome: 'blocked'; reasons: string[] }
  | { outcome: 'no_partner' };

type Asking = { journeyId: string; operationId: string; round: number; at: Instant; partnerId?: string };

/** Ordinary activities: they leave the system. Each asks the gate `disclose` with fresh events, writes the ledger, then calls. */
export type PartnerActivities = {
  lookUpIdentity(input: Asking): Promise<IdentityOutcome>;
  requestVerification(input: Asking): Promise<RequestOutcome>;
  requestDocument(input: Asking): Promise<RequestOutcome>;
  requestFitness(input: Asking): Promise<RequestOutcome>;
  requestExitPermit(input: Asking): Promise<RequestOutcome>;
  sendEvidence(input: {
    journeyId: string;
    operationId: string;
    requestId: string;
    kinds: string[];
    at: Instant;
  }): Promise<{ sent: boolean }>;
  recallRequest(input: { operationId: string; requestId: string; at: Instant }): Promise<{ recalled: boolean }>;
  remindPartner(input: { operationId: string; requestId: string; at: Instant }): Promise<{ reminded: boolean }>;
};

/** Ordinary activities that tell other workflows of the system (signals, idempotent by key). */
export type NotificationActivities = {
  householdMustLeave(input: {
    movementId: string;
    householdId: string;
    key: string;
    at: Instant;
    cause: 'hold' | 'withdrawal' | 'ending' | 'household';
  }): Promise<void>;
  notifyHousehold(input: {
    householdId: string;
    journeyId: string;
    ending: Ending;
    key: string;
    at: Instant;
  }): Promise<void>;
};

export type JourneyActivities = RecordActivities & PartnerActivities & NotificationActivities;
