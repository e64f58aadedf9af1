/** The worker: runs the workflows, what they do outside, and the loops between our tables and the engine. */
import { Context } from '@temporalio/activity';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import closeWithGrace from 'close-with-grace';
import pino from 'pino';
import { feedActivities } from '../activities/feed.ts';
import { alive } from '../activities/heartbeat.ts';
import { createImportActivities } from '../activities/imports.ts';
import { movementActivities } from '../activities/movements.ts';
import { notificationActivities } from '../activities/notify.ts';
import { partnerActivities } from '../activities/partners.ts';
import { recordActivities } from '../activities/record.ts';
import { keepNumber } from '../adapters/background/documentNumber.ts';
import { startDuplicateMatcher } from '../adapters/background/duplicateMatcher.ts';
import { feedPorts } from '../adapters/background/feedPorts.ts';
import { startInboxProcessor } from '../adapters/background/inboxProcessor.ts';
import { startOutboxPublisher } from '../adapters/background/outboxPublisher.ts';
import { startRetention } from '../adapters/background/retentionJob.ts';
import { startTimeZoneCheck } from '../adapters/background/timeZoneCheck.ts';
import { startNow, startWorkflowStarter } from '../adapters/background/workflowStarter.ts';
import { secretBox } from '../adapters/crypto/envelope.ts';
import { loadKeyring } from '../adapters/crypto/keyring.ts';
import { readImportedList } from '../adapters/files/importReader.ts';
import { partnerClient } from '../adapters/partners/client.ts';
import { partnerRequestStore } from '../adapters/partners/requestStore.ts';
import { openPool } from '../adapters/postgres/database.ts';
import { importStore } from '../adapters/postgres/imports/imports.ts';
import { seatTransactions, seatUpdates } from '../adapters/postgres/movements/seatTransactions.ts';
import { operationTransactions } from '../adapters/postgres/operations/operationTransactions.ts';
import { suspensionOverlapOf } from '../adapters/postgres/operations/suspensions.ts';
import { readPartnerEndpoint } from '../adapters/postgres/partners/partners.ts';
import { othersOf } from '../adapters/postgres/people/householdMembers.ts';
import { recordEvents } from '../adapters/postgres/record.ts';
import { openTemporal } from '../adapters/temporal/client.ts';
import { journeyNotifier } from '../adapters/temporal/movementUpdates.ts';
import { workflowGateway } from '../adapters/temporal/workflowGateway.ts';
import { ZONES } from '../adapters/timeZones/zones.ts';
import { guardedFetch } from '../adapters/webhooks/call.ts';
import { openGuardedClient } from '../adapters/webhooks/client.ts';
import * as names from '../workflows/messages.ts';
import { readConfig } from './config.ts';
import { fatalLog } from './fatalLog.ts';
import { bundleFolder, workflowBundle } from './worker/bundle.ts';
import { WORKER_OPTIONS } from './worker/options.ts';

const STOP_WITHIN_MS = 20_000;

const config = readConfig();
const log = pino({ level: config.logLevel, name: 'worker' });
// One shutdown of ours: the runtime's own signal handlers would end the worker under our hands.
Runtime.install({
  shutdownSignals: [],
  logger: new DefaultLogger('WARN', ({ level, message, meta }) =>
    log[level === 'ERROR' ? 'error' : 'warn'](meta ?? {}, message),
  ),
});

const [keyring, bundle, connection] = await Promise.all([
  loadKeyring(config.keyFile),
  workflowBundle(bundleFolder(config.dataDir)),
  NativeConnection.connect(config.temporal.connection),
]);
const connectionString = config.database.url;
const pool = openPool(connectionString, config.database.poolSize);
const client = openTemporal(config.temporal);
const outside = openGuardedClient({ allowLoopback: config.local });
const secrets = secretBox(keyring);
const gateway = workflowGateway(client, names);
const journeys = { taskQueue: names.TASK_QUEUE, workflowId: names.workflowId.journey };
const checkOf = (importId: string, round: number) => ({
  workflowId: names.workflowId.import(importId, 'check', round),
  taskQueue: names.TASK_QUEUE,
});

const worker = await Worker.create({
  ...WORKER_OPTIONS,
  connection,
  namespace: config.temporal.namespace,
  taskQueue: names.TASK_QUEUE,
  workflowBundle: bundle,
  activities: {
    ...recordActivities({
      recordEvents: (batch) => recordEvents(pool, batch),
      suspensionOverlap: suspensionOverlapOf(pool),
    }),
    ...alive(
      partnerActivities({
        store: partnerRequestStore({ pool, keyring, secrets, callbackBase: config.api.publicUrl }),
        wire: partnerClient({
          fetch: guardedFetch(outside),
          readPartnerEndpoint: (id) => readPartnerEndpoint(pool, secrets, id),
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
        journeys,
        checks: checkOf,
        startNow: (workflowIds) => startNow({ pool, gateway, log }, workflowIds),
      }),
      openList: readImportedList,
    }),
    ...feedActivities(
      feedPorts({
        pool,
        secrets,
        client: outside,
        heartbeat: () => Context.current().heartbeat(),
        leaving: () => Context.current().cancellationSignal.aborted,
      }),
    ),
  },
});

const loops = [
  startOutboxPublisher({ connectionString, gateway, log }),
  startWorkflowStarter({ connectionString, gateway, log }),
  startInboxProcessor({ connectionString, gateway, names, keepNumber: keepNumber({ keyring, secrets }), log }),
  startDuplicateMatcher({ connectionString, keyring, now: Date.now, log }),
  startTimeZoneCheck({ connectionString, zones: ZONES, log }),
  startRetention({ connectionString, keep: config.retention, log }),
];
const running = worker.run();
process.stdout.write('ready worker\n');

// With the server away the core may never end its polls, and then not even exit() returns: a worker that is delivered to end
// ends all the same. What was under way is done again by whoever takes its place.
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => setTimeout(() => process.kill(process.pid, 'SIGKILL'), STOP_WITHIN_MS + 5_000).unref());
}
closeWithGrace({ delay: STOP_WITHIN_MS, logger: log }, async ({ err }) => {
  fatalLog(log, err);
  await Promise.allSettled(loops.map((loop) => loop.stop()));
  worker.shutdown();
  await running;
  await Promise.allSettled([client.connection.close(), connection.close(), outside.close()]);
  await pool.end();
});
// A worker that ends by itself must take the process along, so that whoever keeps it running starts another.
await running;
