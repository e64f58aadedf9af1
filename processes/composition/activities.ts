import { ApplicationFailure, activityInfo } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { Pool } from 'pg';
import {
  cancelRequestActivities,
  choreActivities,
  feedActivities,
  importActivities,
} from '../../activities/background.ts';
import { requestActivities, withHeartbeat } from '../../activities/requests.ts';
import {
  movementActivities,
  notificationActivities,
  operationActivities,
  recordActivities,
} from '../../activities/subjects.ts';
import { secretBox } from '../../adapters/crypto/envelope.ts';
import type { Keyring } from '../../adapters/crypto/keyring.ts';
import { readImportedList } from '../../adapters/files/openList.ts';
import { guardedFetch, partnerClient } from '../../adapters/partners/protocol.ts';
import { raiseAlarm } from '../../adapters/postgres/alarms.ts';
import { databaseOn, notifier } from '../../adapters/postgres/database.ts';
import { eventLogOn } from '../../adapters/postgres/eventLog.ts';
import { raisedIn } from '../../adapters/postgres/households/judge.ts';
import { commitsOn } from '../../adapters/postgres/imports/commit.ts';
import { importsOn } from '../../adapters/postgres/imports/imports.ts';
import { movementsOn } from '../../adapters/postgres/movements/reads.ts';
import { seatNotificationsOn, seatsOn } from '../../adapters/postgres/movements/seats.ts';
import { operationStepsOn, suspensionsOn } from '../../adapters/postgres/operations/conduct.ts';
import { readPartnerEndpoint } from '../../adapters/postgres/partners/partners.ts';
import { hasChildren, othersOf } from '../../adapters/postgres/people/people.ts';
import { asideOn, requestsOn } from '../../adapters/postgres/requests.ts';
import { retentionOn } from '../../adapters/postgres/retention.ts';
import { feedOn } from '../../adapters/postgres/webhooks/feed.ts';
import { keepSchedule } from '../../adapters/temporal/client.ts';
import type { WorkflowGateway } from '../../adapters/temporal/workflowGateway.ts';
import { ZONES } from '../../adapters/timeZones/zones.ts';
import type { GuardedClient } from '../../adapters/webhooks/client.ts';
import { deliver } from '../../adapters/webhooks/send.ts';
import { CHORES, type Chore, type ChoreName, type Log } from '../../application/background.ts';
import { recordEvents } from '../../application/eventLog/record.ts';
import { checkList } from '../../application/imports/check.ts';
import { commitList, commitPage, countStartsLeft } from '../../application/imports/commit.ts';
import { checkLocalTimes } from '../../application/movements/planMovement.ts';
import { suspensionOverlap } from '../../application/operations/conduct.ts';
import type { SecretBox } from '../../application/partners/partners.ts';
import { requests } from '../../application/requests/requests.ts';
import { type RetentionTimes, removeAllOld } from '../../application/retention/removeOld.ts';
import type { FeedPorts } from '../../application/webhooks/feed.ts';
import type { Zones } from '../../domain/movements/localTimes.ts';
import type { ChoreInput } from '../../domain/workflowInputs.ts';
import { startNow } from './starts.ts';

export type ActivityDeps = Omit<ChoreDeps, 'zones'> & {
  keyring: Keyring;
  outside: GuardedClient;
  gateway: WorkflowGateway;
  callbackBase: string;
};

/** What the workflows do outside, by the names that they call. */
export function workerActivities({ pool, keyring, outside, gateway, callbackBase, retention, log }: ActivityDeps) {
  const db = databaseOn(pool);
  const secrets = secretBox(keyring);
  const imports = importsOn(db, keyring);
  const requestDeps = { keyring, secrets, clock: Date.now };
  return {
    ...recordActivities({
      record: recordEvents({ ...eventLogOn(db), notifyOutbox: notifier(pool, 'outbox') }),
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
            readPartnerEndpoint: (id) => readPartnerEndpoint(db, secrets, id),
          }),
          callbackBase,
          clock: Date.now,
        }),
      ),
    ),
    ...notificationActivities({
      householdMustLeave: gateway.householdMustLeave,
      householdChanged: gateway.householdChanged,
      membersReady: gateway.membersReady,
      holdsFound: gateway.holdsFound,
      raisedIn: (householdId) => raisedIn(db, householdId),
      hasChildren: (householdId) => hasChildren(db, householdId),
      othersOf: (householdId, journeyId) => othersOf(db, householdId, journeyId),
    }),
    ...movementActivities({
      ...seatsOn(db),
      ...seatNotificationsOn(db),
      movementUpdated: gateway.movementUpdated,
      raiseAlarm: (alarm, occasion) => raiseAlarm(db, alarm, occasion),
    }),
    ...operationActivities(operationStepsOn(db)),
    ...importActivities({
      checkList: checkList({
        store: imports,
        openList: readImportedList,
        startNow: startNow({ pool, gateway, log }),
      }),
      commitList: commitList(commitPage({ ...commitsOn(db, keyring), now: Date.now })),
      countStartsLeft: countStartsLeft(imports),
      finish: imports.finish,
    }),
    ...cancelRequestActivities(({ subject, operationId, runId }) =>
      raiseAlarm(
        db,
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
  const db = databaseOn(pool);
  return {
    ...feedOn(db, secrets),
    send: (attempt) => deliver(attempt, client, timeoutMs),
    raiseAlarm: (alarm, occasion) => raiseAlarm(db, alarm, occasion),
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
    await raiseAlarm(databaseOn(pool), { subject: buildId, kind: 'activity_missing', detail }, activityType);
    throw ApplicationFailure.retryable(`This build has no ${activityType}`, 'ActivityMissing');
  };
}

export type ChoreDeps = { pool: Pool; retention: RetentionTimes; zones: Zones; log: Log };

export function chores({ pool, retention, zones, log }: ChoreDeps): Record<ChoreName, Chore> {
  const db = databaseOn(pool);
  return {
    retention: removeAllOld(retentionOn(db), retention, log),
    async timeZones() {
      const { table } = zones;
      log.info({ table }, 'time-zone table in use');
      const movements = await checkLocalTimes({
        zones,
        ...movementsOn(db),
        raiseAlarm: (alarm, occasion) => raiseAlarm(db, alarm, occasion),
      });
      if (movements > 0) log.warn({ movements, table }, 'local times of announced departures have changed');
    },
  };
}

/** Every chore has its schedule, and runs now. */
export async function keepSchedules(client: Client, taskQueue: string): Promise<void> {
  for (const [chore, every] of Object.entries(CHORES)) {
    const input: ChoreInput = { version: 1, chore };
    await keepSchedule(client, { id: `chore:${chore}`, every, workflow: 'chore', input, taskQueue });
  }
}
