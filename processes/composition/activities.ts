import { ApplicationFailure, activityInfo, Context } from '@temporalio/activity';
import type { Pool } from 'pg';
import { cancelRequestActivities } from '../../activities/cancelRequests.ts';
import { feedActivities } from '../../activities/feed.ts';
import { withHeartbeat } from '../../activities/heartbeat.ts';
import { importActivities } from '../../activities/imports.ts';
import { movementActivities } from '../../activities/movements.ts';
import { notificationActivities } from '../../activities/notify.ts';
import { operationActivities } from '../../activities/operations.ts';
import { recordActivities } from '../../activities/record.ts';
import { requestActivities } from '../../activities/requests.ts';
import { feedPorts } from '../../adapters/background/feedPorts.ts';
import type { LoopLog } from '../../adapters/background/loop.ts';
import { startNow } from '../../adapters/background/workflowStarter.ts';
import { secretBox } from '../../adapters/crypto/envelope.ts';
import type { Keyring } from '../../adapters/crypto/keyring.ts';
import { readImportedList } from '../../adapters/files/openList.ts';
import { partnerClient } from '../../adapters/partners/client.ts';
import { raiseAlarm } from '../../adapters/postgres/alarms.ts';
import { databaseOn } from '../../adapters/postgres/database.ts';
import { othersOf } from '../../adapters/postgres/households/households.ts';
import { commitsOn } from '../../adapters/postgres/imports/commit.ts';
import { importsOn } from '../../adapters/postgres/imports/imports.ts';
import { seatNotificationsOn } from '../../adapters/postgres/movements/notifications.ts';
import { seatsOn } from '../../adapters/postgres/movements/seats.ts';
import { notifier } from '../../adapters/postgres/notifications.ts';
import { operationStepsOn, suspensionsOn } from '../../adapters/postgres/operations/conduct.ts';
import { readPartnerEndpoint } from '../../adapters/postgres/partners/partners.ts';
import { recordEvents } from '../../adapters/postgres/record.ts';
import { asideOn, requestsOn } from '../../adapters/postgres/requests.ts';
import type { WorkflowGateway } from '../../adapters/temporal/workflowGateway.ts';
import { guardedFetch } from '../../adapters/webhooks/call.ts';
import type { GuardedClient } from '../../adapters/webhooks/client.ts';
import { checkList } from '../../application/imports/check.ts';
import { commitList, commitPage, countStartsLeft } from '../../application/imports/commit.ts';
import { suspensionOverlap } from '../../application/operations/conduct.ts';
import { requests } from '../../application/requests/requests.ts';

export type ActivityDeps = {
  pool: Pool;
  keyring: Keyring;
  outside: GuardedClient;
  gateway: WorkflowGateway;
  callbackBase: string;
  log: LoopLog;
};

/** What the workflows do outside, by the names that they call. */
export function workerActivities({ pool, keyring, outside, gateway, callbackBase, log }: ActivityDeps) {
  const db = databaseOn(pool);
  const secrets = secretBox(keyring);
  const notifyOutbox = notifier(pool, 'outbox');
  const imports = importsOn(db, keyring);
  const requestDeps = { keyring, secrets, clock: Date.now };
  return {
    ...recordActivities({
      recordEvents: (batch) => recordEvents(pool, batch, notifyOutbox),
      suspensionOverlap: suspensionOverlap(suspensionsOn(db)),
    }),
    ...withHeartbeat(
      requestActivities(
        requests({
          ...asideOn(db),
          store: requestsOn(db, requestDeps),
          transaction: (work) => db.transaction().execute((tx) => work(requestsOn(tx, requestDeps))),
          client: partnerClient({
            fetch: guardedFetch(outside),
            readPartnerEndpoint: (id) => readPartnerEndpoint(pool, secrets, id),
          }),
          callbackBase,
          clock: Date.now,
        }),
      ),
    ),
    ...notificationActivities({
      householdMustLeave: gateway.householdMustLeave,
      householdChanged: gateway.householdChanged,
      othersOf: (householdId, journeyId) => othersOf(db, householdId, journeyId),
    }),
    ...movementActivities({
      ...seatsOn(db),
      ...seatNotificationsOn(db),
      movementUpdated: gateway.movementUpdated,
      raiseAlarm: (alarm, occasion) => raiseAlarm(pool, alarm, occasion),
    }),
    ...operationActivities(operationStepsOn(db)),
    ...importActivities({
      checkList: checkList({
        store: imports,
        openList: readImportedList,
        startNow: (workflowIds) => startNow({ pool, gateway, log }, workflowIds),
      }),
      commitList: commitList(commitPage({ ...commitsOn(db, keyring), now: Date.now })),
      countStartsLeft: countStartsLeft(imports),
      finish: imports.finish,
    }),
    ...cancelRequestActivities(({ subject, operationId, runId }) =>
      raiseAlarm(
        pool,
        { subject, kind: 'cancel_requested', detail: {}, ...(operationId === undefined ? {} : { operationId }) },
        runId,
      ),
    ),
    ...feedActivities(
      feedPorts({
        pool,
        secrets,
        client: outside,
        heartbeat: () => Context.current().heartbeat(),
        leaving: () => Context.current().cancellationSignal.aborted,
      }),
    ),
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
