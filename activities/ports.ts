import type { Ending } from '../domain/journeys/statuses.ts';
import type { RecordBatch, RecordResult } from '../domain/record.ts';
import type { Instant } from '../domain/time.ts';
import type { RequestActivities } from './requests.ts';

/** Activities of journeys and other workflows; a factory makes each from its ports. */
export type RecordActivities = {
  /**
   * Local. One transaction writes event log, projection, waits, tasks, outbox and services. The same sequence with the
   * same content changes nothing.
   */
  record(batch: RecordBatch): Promise<RecordResult>;
  /** Local. If business timers are suspended at `at` for this subject: when they continue, or null if that is unknown. */
  suspensionOverlap(input: {
    operationId: string;
    subject: string;
    at: Instant;
    since: Instant;
  }): Promise<SuspensionOverlap>;
};

/**
 * `overlap`: how long the operation was suspended between `since` and `at`. `open`: it still is. Milliseconds of
 * operation time.
 */
export type SuspensionOverlap = { overlap: number; open: boolean };

/** Ordinary activities that notify other workflows of the system (signals, idempotent by key). */
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

export type JourneyActivities = RecordActivities & RequestActivities & NotificationActivities;
