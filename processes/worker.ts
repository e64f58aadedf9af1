/** The worker: runs the workflows, what they do outside, and the loops between our tables and the engine. */
import { Context } from '@temporalio/activity';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import closeWithGrace from 'close-with-grace';
import pino from 'pino';
import { alive } from '../activities/alive.ts';
import { feedActivities } from '../activities/feed.ts';
import { createImportActivities } from '../activities/imports.ts';
import { movementActivities } from '../activities/movements.ts';
import { officeActivities } from '../activities/offices.ts';
import { recordActivities } from '../activities/record.ts';
import { tellActivities } from '../activities/tell.ts';
import { readImportedList } from '../adapters/lists/importReader.ts';
import { officeStore } from '../adapters/offices/store.ts';
import { officeWire } from '../adapters/offices/wire.ts';
import { openPool } from '../adapters/postgres/database.ts';
import { importStore } from '../adapters/postgres/imports/imports.ts';
import { seatClaims, seatNews } from '../adapters/postgres/movements/seatClaims.ts';
import { operationClaims } from '../adapters/postgres/operations/operationClaims.ts';
import { standstillOf } from '../adapters/postgres/operations/suspensions.ts';
import { readOffice } from '../adapters/postgres/partners/partners.ts';
import { othersOf } from '../adapters/postgres/people/householdMembers.ts';
import { recordFacts } from '../adapters/postgres/record.ts';
import { startApplier } from '../adapters/relay/applier.ts';
import { startClockWatcher } from '../adapters/relay/clockWatcher.ts';
import { startComparer } from '../adapters/relay/comparer.ts';
import { keepNumber } from '../adapters/relay/documentNumber.ts';
import { feedPorts } from '../adapters/relay/feedPorts.ts';
import { houseOf } from '../adapters/relay/house.ts';
import { startKeeper } from '../adapters/relay/keeper.ts';
import { startRelay } from '../adapters/relay/relay.ts';
import { startNow, startStarter } from '../adapters/relay/starter.ts';
import { secretBox } from '../adapters/secrets/envelope.ts';
import { loadKeyring } from '../adapters/secrets/keyring.ts';
import { openTemporal } from '../adapters/temporal/client.ts';
import { journeyTeller } from '../adapters/temporal/travelNews.ts';
import { guardedFetch } from '../adapters/webhooks/call.ts';
import { openGuardedClient } from '../adapters/webhooks/client.ts';
import { ZONES } from '../adapters/zones/zones.ts';
import * as names from '../workflows/messages.ts';
import { readConfig } from './config.ts';
import { lastWords } from './lastWords.ts';
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
const house = houseOf(client, names);
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
    ...recordActivities({ recordFacts: (batch) => recordFacts(pool, batch), standstill: standstillOf(pool) }),
    ...alive(
      officeActivities({
        store: officeStore({ pool, keyring, secrets, callbackBase: config.api.publicUrl }),
        wire: officeWire({ fetch: guardedFetch(outside), readOffice: (id) => readOffice(pool, secrets, id) }),
      }),
    ),
    ...tellActivities({
      unitMustLeave: house.unitMustLeave,
      householdChanged: house.householdChanged,
      othersOf: (householdId, journeyId) => othersOf(pool, householdId, journeyId),
    }),
    ...movementActivities(seatClaims(pool), seatNews(pool, journeyTeller(client, names))),
    ...operationClaims(pool),
    ...createImportActivities({
      store: importStore(pool, {
        keyring,
        journeys,
        checks: checkOf,
        startNow: (workflowIds) => startNow({ pool, house, log }, workflowIds),
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
  startRelay({ connectionString, house, log }),
  startStarter({ connectionString, house, log }),
  startApplier({ connectionString, house, names, keepNumber: keepNumber({ keyring, secrets }), log }),
  startComparer({ connectionString, keyring, now: Date.now, log }),
  startClockWatcher({ connectionString, zones: ZONES, log }),
  startKeeper({ connectionString, keep: config.keep, log }),
];
const running = worker.run();
process.stdout.write('ready worker\n');

// With the server away the core may never end its polls, and then not even exit() returns: a worker that is told to end
// ends all the same. What was under way is done again by whoever takes its place.
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => setTimeout(() => process.kill(process.pid, 'SIGKILL'), STOP_WITHIN_MS + 5_000).unref());
}
closeWithGrace({ delay: STOP_WITHIN_MS, logger: log }, async ({ err }) => {
  lastWords(log, err);
  await Promise.allSettled(loops.map((loop) => loop.stop()));
  worker.shutdown();
  await running;
  await Promise.allSettled([client.connection.close(), connection.close(), outside.close()]);
  await pool.end();
});
// A worker that ends by itself must take the process along, so that whoever keeps it running starts another.
await running;
