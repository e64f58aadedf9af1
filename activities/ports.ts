import type { Ending } from '../domain/journey/stages.ts';
import type { RecordBatch, RecordResult } from '../domain/record.ts';
import type { Instant } from '../domain/time.ts';

/** Activities that journeys and other workflows may call; each is made by a factory from the ports it needs. */
export type RecordActivities = {
  /** Local. One transaction: journal, projection, waits, tasks, outbox, services. Same sequence with same content changes nothing. */
  record(batch: RecordBatch): Promise<RecordResult>;
  /** Local. When business timers stand still at `at` for this subject: when they go on, or null while nobody knows. */
  standstill(input: { operationId: string; subject: string; at: Instant; since: Instant }): Promise<Standstill>;
};

/** `overlap`: how long the operation stood still between `since` and `at`. `open`: it still does. Milliseconds of operation time. */
export type Standstill = { overlap: number; open: boolean };

/** What came of asking an office. `blocked` carries neutral codes of the gate; `no_office` opens a task for a person. */
export type AskOutcome =
  | { outcome: 'asked'; requestId: string; partnerId: string; at: Instant }
  | { outcome: 'blocked'; reasons: string[] }
  | { outcome: 'no_office' };

export type IdentityOutcome =
  | { outcome: 'match' | 'not_found' | 'several'; requestId: string; partnerId: string; at: Instant }
  | { outcome: 'blocked'; reasons: string[] }
  | { outcome: 'no_office' };

type Asking = { journeyId: string; operationId: string; round: number; at: Instant; partnerId?: string };

/** Ordinary activities: they leave the house. Each asks the gate `disclose` with fresh facts, writes the ledger, then calls. */
export type OfficeActivities = {
  lookUpIdentity(input: Asking): Promise<IdentityOutcome>;
  requestVerification(input: Asking): Promise<AskOutcome>;
  requestDocument(input: Asking): Promise<AskOutcome>;
  requestFitness(input: Asking): Promise<AskOutcome>;
  requestExitPermit(input: Asking): Promise<AskOutcome>;
  sendEvidence(input: {
    journeyId: string;
    operationId: string;
    requestId: string;
    kinds: string[];
    at: Instant;
  }): Promise<{ sent: boolean }>;
  recallRequest(input: { operationId: string; requestId: string; at: Instant }): Promise<{ recalled: boolean }>;
  remindOffice(input: { operationId: string; requestId: string; at: Instant }): Promise<{ reminded: boolean }>;
};

/** Ordinary activities that tell other workflows of the house (signals, idempotent by key). */
export type TellActivities = {
  unitMustLeave(input: {
    movementId: string;
    householdId: string;
    key: string;
    at: Instant;
    cause: 'hold' | 'withdrawal' | 'ending' | 'household';
  }): Promise<void>;
  tellHousehold(input: {
    householdId: string;
    journeyId: string;
    ending: Ending;
    key: string;
    at: Instant;
  }): Promise<void>;
};

export type JourneyActivities = RecordActivities & OfficeActivities & TellActivities;
