import { ApplicationFailure, activityInfo } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { Pool } from 'pg';
import { cancelRequestActivities } from '../../activities/cancelRequests.ts';
import { choreActivities } from '../../activities/chores.ts';
import { feedActivities } from '../../activities/feed.ts';
import { withHeartbeat } from '../../activities/heartbeat.ts';
import { createImportActivities } from '../../activities/imports.ts';
import { movementActivities } from '../../activities/movements.ts';
import { notificationActivities } from '../../activities/notify.ts';
import { partnerActivities } from '../../activities/partners.ts';
import { recordActivities } from '../../activities/record.ts';
import { secretBox } from '../../adapters/crypto/envelope.ts';
import type { Keyring } from '../../adapters/crypto/keyring.ts';
import { readImportedList } from '../../adapters/files/importReader.ts';
import { partnerClient } from '../../adapters/partners/client.ts';
import { partnerRequestStore } from '../../adapters/partners/requestStore.ts';
import { raiseAlarm } from '../../adapters/postgres/alarms.ts';
import { databaseOn } from '../../adapters/postgres/database.ts';
import { eventLogOn } from '../../adapters/postgres/eventLog/eventLog.ts';
import { importStore } from '../../adapters/postgres/imports/imports.ts';
import { seatTransactions, seatUpdates } from '../../adapters/postgres/movements/seatTransactions.ts';
import { notifier } from '../../adapters/postgres/notifications.ts';
import { operationTransactions } from '../../adapters/postgres/operations/operationTransactions.ts';
import { suspensionOverlapOf } from '../../adapters/postgres/operations/suspensions.ts';
import { readPartnerEndpoint } from '../../adapters/postgres/partners/partners.ts';
import { othersOf } from '../../adapters/postgres/people/householdMembers.ts';
import { feedOn } from '../../adapters/postgres/webhooks/feed.ts';
import { journeyNotifier } from '../../adapters/temporal/movementUpdates.ts';
import type { WorkflowGateway } from '../../adapters/temporal/workflowGateway.ts';
import { ZONES } from '../../adapters/timeZones/zones.ts';
import { guardedFetch } from '../../adapters/webhooks/call.ts';
import type { GuardedClient } from '../../adapters/webhooks/client.ts';
import { deliver } from '../../adapters/webhooks/send.ts';
import { recordEvents } from '../../application/eventLog/record.ts';
import type { SecretBox } from '../../application/partners/secrets.ts';
import type { FeedPorts } from '../../application/webhooks/deliverFeed.ts';
import * as names from '../../workflows/messages.ts';
import { type ChoreDeps, chores } from './chores.ts';
import { startNow } from './starts.ts';

export type ActivityDeps = Omit<ChoreDeps, 'zones'> & {
  client: Client;
  keyring: Keyring;
  outside: GuardedClient;
  gateway: WorkflowGateway;
  callbackBase: string;
};

/** What the workflows do outside, by the names that they call. */
export function workerActivities({
  pool,
  client,
  keyring,
  outside,
  gateway,
  callbackBase,
  retention,
  log,
}: ActivityDeps) {
  const secrets = secretBox(keyring);
  const db = databaseOn(pool);
  return {
    ...recordActivities({
      record: recordEvents({ ...eventLogOn(db), notifyOutbox: notifier(pool, 'outbox') }),
      suspensionOverlap: suspensionOverlapOf(pool),
    }),
    ...withHeartbeat(
      partnerActivities({
        store: partnerRequestStore({ pool, keyring, secrets, callbackBase }),
        wire: partnerClient({
          fetch: guardedFetch(outside),
          readPartnerEndpoint: (id) => readPartnerEndpoint(db, secrets, id),
        }),
      }),
    ),
    ...notificationActivities({
      householdMustLeave: gateway.householdMustLeave,
      householdChanged: gateway.householdChanged,
      othersOf: (householdId, journeyId) => othersOf(pool, householdId, journeyId),
    }),
    ...movementActivities(seatTransactions(pool), seatUpdates(pool, journeyNotifier(client, names))),
    ...operationTransactions(pool),
    ...createImportActivities({
      store: importStore(pool, {
        keyring,
        journeys: { taskQueue: names.TASK_QUEUE, workflowId: names.workflowId.journey },
        checks: (importId, round) => ({
          workflowId: names.workflowId.import(importId, 'check', round),
          taskQueue: names.TASK_QUEUE,
        }),
        startNow: startNow({ pool, gateway, log }),
      }),
      openList: readImportedList,
    }),
    ...cancelRequestActivities(({ subject, operationId, runId }) =>
      raiseAlarm(
        pool,
        { subject, kind: 'cancel_requested', detail: {}, ...(operationId === undefined ? {} : { operationId }) },
        runId,
      ),
    ),
    ...feedActivities(feedPorts({ pool, secrets, client: outside })),
    ...withHeartbeat(choreActivities(chores({ pool, retention, zones: ZONES, log }))),
  };
}

/** What a partner's feed needs. @param timeoutMs for one attempt */
export function feedPorts({
  pool,
  secrets,
  client,
  timeoutMs,
}: {
  pool: Pool;
  secrets: Pick<SecretBox, 'open'>;
  client: GuardedClient;
  timeoutMs?: number;
}): FeedPorts {
  return {
    ...feedOn(databaseOn(pool), secrets),
    send: (attempt) => deliver(attempt, client, timeoutMs),
    raiseAlarm: (alarm, occasion) => raiseAlarm(pool, alarm, occasion),
    now: Date.now,
    jitter: Math.random,
  };
}

/**
 * What an older version calls and this build no longer has: people learn of it, and the caller tries again, because a
 * build that has it may come back. It must not fail, or the workflow would go on as if it had been done.
 */
export function missingActivity({ pool, buildId }: { pool: Pool; buildId: string }) {
  return async (): Promise<never> => {
    const { activityType } = activityInfo();
    const detail = { activity: activityType };
    await raiseAlarm(pool, { subject: buildId, kind: 'activity_missing', detail }, activityType);
    throw ApplicationFailure.retryable(`This build has no ${activityType}`, 'ActivityMissing');
  };
}
