import { ApplicationFailure, heartbeat } from '@temporalio/activity';
import { EventLogConflict } from '../application/eventLog/record.ts';
import { allocateSeats, changeVehicle, releaseAll, releaseHousehold } from '../application/movements/allocateSeats.ts';
import { lockManifest } from '../application/movements/manifest.ts';
import { type NotifyPorts, notifyJourneys } from '../application/movements/notifyJourneys.ts';
import type { SeatPorts } from '../application/movements/seats.ts';
import { applyScans, arriveSeats, departSeats, reconcileSeats } from '../application/movements/travel.ts';
import { beginEnd, type EndPorts, type OperationSteps } from '../application/operations/conduct.ts';
import type { RecordBatch, RecordResult } from '../domain/record.ts';
import type { Instant } from '../domain/time.ts';
import type { HoldsMessage, HouseholdMessage, HouseholdMustLeave, MembersMessage } from '../workflows/messages.ts';
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
  householdMustLeave(input: HouseholdMustLeave & { movementId: string }): Promise<void>;
  notifyHousehold(input: HouseholdMessage & { householdId: string }): Promise<void>;
  tellMembers(input: MembersMessage & { householdId: string; journeyId: string }): Promise<void>;
  /** each journey of the household records the holds that stand and that it does not know yet */
  tellHolds(input: Omit<HoldsMessage, 'holdIds'> & { householdId: string }): Promise<void>;
};

export type JourneyActivities = RecordActivities & RequestActivities & NotificationActivities;

/** Local activities: short, idempotent, in the system's own database. */
export function recordActivities({ record, ...others }: RecordActivities): RecordActivities {
  return {
    ...others,
    async record(batch) {
      try {
        return await record(batch);
      } catch (error) {
        // The workflow of this subject stands until a person has looked.
        if (error instanceof EventLogConflict) throw ApplicationFailure.nonRetryable(error.message, error.name);
        throw error;
      }
    },
  };
}

export type NotificationPorts = {
  householdMustLeave(movementId: string, update: HouseholdMustLeave): Promise<'delivered' | 'closed'>;
  householdChanged(journeyId: string, update: HouseholdMessage[]): Promise<'delivered' | 'closed'>;
  membersReady(journeyId: string, update: MembersMessage): Promise<'delivered' | 'closed'>;
  holdsFound(journeyId: string, update: HoldsMessage): Promise<'delivered' | 'closed'>;
  /** holds of open journeys of a household that their journeys have not recorded */
  raisedIn(householdId: string): Promise<ReadonlyArray<{ journeyId: string; holdId: string }>>;
  /** whether a child is in the household, or was */
  hasChildren(householdId: string): Promise<boolean>;
  /** open journeys of a household, without this one */
  othersOf(householdId: string, journeyId: string): Promise<string[]>;
};

/** Signals to other workflows of the system. Keys make them idempotent; a workflow that has ended is skipped. */
export function notificationActivities(ports: NotificationPorts): NotificationActivities {
  return {
    async householdMustLeave({ movementId, ...update }) {
      await ports.householdMustLeave(movementId, update);
    },
    async notifyHousehold({ householdId, ...update }) {
      const child = await ports.hasChildren(householdId);
      // A household has few members.
      for (const other of await ports.othersOf(householdId, update.journeyId))
        await ports.householdChanged(other, [{ ...update, child }]);
    },
    async tellHolds({ householdId, ...message }) {
      const raised = Map.groupBy(await ports.raisedIn(householdId), ({ journeyId }) => journeyId);
      for (const [journeyId, holds] of raised)
        await ports.holdsFound(journeyId, { ...message, holdIds: holds.map(({ holdId }) => holdId) });
    },
    async tellMembers({ householdId, journeyId, ...message }) {
      for (const other of await ports.othersOf(householdId, journeyId)) await ports.membersReady(other, message);
    },
  };
}

/** Transactions on seats (each locks, checks, and either takes effect or says why not), and notifications of them. */
export function movementActivities(ports: SeatPorts & NotifyPorts) {
  return {
    writeClearance: ports.writeClearance,
    changeVehicle: changeVehicle(ports.inMovement),
    allocateSeats: allocateSeats(ports.inMovement),
    lockManifest: lockManifest(ports.inMovement),
    releaseHousehold: releaseHousehold(ports.inMovement),
    releaseAll: releaseAll(ports.inMovement),
    applyScans: applyScans(ports.inMovement),
    departSeats: departSeats(ports.inMovement),
    arriveSeats: arriveSeats(ports.inMovement),
    reconcileSeats: reconcileSeats(ports),
    notifyJourneys: notifyJourneys(ports, heartbeat),
  };
}

export type MovementActivities = ReturnType<typeof movementActivities>;

/** Transactions of an operation. They run as local activities. */
export function operationActivities({ transaction, ...steps }: OperationSteps & EndPorts) {
  return { ...steps, beginEnd: beginEnd({ transaction }) };
}

export type OperationActivities = ReturnType<typeof operationActivities>;
