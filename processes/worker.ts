/** The worker: runs the workflows, what they do outside, and the loops between our tables and the engine. */
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import closeWithGrace from 'close-with-grace';
import pino from 'pino';
import type { Loop } from '../adapters/background/loop.ts';
import { loadKeyring } from '../adapters/crypto/keyring.ts';
import { databaseOn, openPool } from '../adapters/postgres/database.ts';
import { eventLogOn } from '../adapters/postgres/eventLog.ts';
import { storeDocumentNumber } from '../adapters/postgres/people/personData.ts';
import { openTemporal } from '../adapters/temporal/client.ts';
import { sendCommand, workflowGateway } from '../adapters/temporal/workflowGateway.ts';
import { openGuardedClient } from '../adapters/webhooks/client.ts';
import * as names from '../workflows/messages.ts';
import { keepSchedules, missingActivity, workerActivities } from './composition/activities.ts';
import {
  duplicateMatching,
  startCommandSettler,
  startDuplicateMatcher,
  startInboxProcessor,
  startOutboxPublisher,
  startVersionWatch,
  startWorkflowStarter,
} from './composition/loops.ts';
import { readConfig } from './config.ts';
import { fatalLog } from './fatalLog.ts';
import { bundleFolder, readBundle, workflowBundle } from './worker/bundle.ts';
import { OLDER_WORKER_OPTIONS, pinnedTo, WORKER_OPTIONS } from './worker/options.ts';
import { takeOver } from './worker/takeOver.ts';

const STOP_WITHIN_MS = 20_000;
/** How long a prepared command may take when it is sent again. */
const SETTLE_WITHIN_MS = 5_000;

const config = readConfig();
const log = pino({ level: config.logLevel, name: 'worker' });
// One shutdown of ours: the runtime's own signal handlers would end the worker under our hands.
Runtime.install({
  shutdownSignals: [],
  logger: new DefaultLogger('WARN', ({ level, message, meta }) =>
    log[level === 'ERROR' ? 'error' : 'warn'](meta ?? {}, message),
  ),
});

const older = config.olderBundle;
const [keyring, { codePath, buildId }, connection] = await Promise.all([
  loadKeyring(config.keyFile),
  older === undefined ? workflowBundle(bundleFolder(config.dataDir)) : readBundle(older),
  NativeConnection.connect(config.temporal.connection),
]);
const connectionString = config.database.url;
const pool = openPool(connectionString, config.database.poolSize);
const client = openTemporal(config.temporal);
const outside = openGuardedClient({ allowLoopback: config.local });
const gateway = workflowGateway(client, names);
const identity = `worker ${process.pid}`;
const activities = workerActivities({
  ...{ pool, keyring, outside, gateway, log },
  callbackBase: config.api.publicUrl,
  retention: config.retention,
});

const worker = await Worker.create({
  ...(older === undefined ? WORKER_OPTIONS : OLDER_WORKER_OPTIONS),
  ...pinnedTo(buildId),
  connection,
  namespace: config.temporal.namespace,
  taskQueue: names.TASK_QUEUE,
  workflowBundle: { codePath },
  activities: older === undefined ? activities : { ...activities, default: missingActivity({ pool, buildId }) },
});

// What belongs to the whole system is done by the workers of today's build; of an older version only the rest is run.
const loops = older === undefined ? startLoops() : [];
const running = worker.run();
process.stdout.write('ready worker\n');
const stopping = new AbortController();
const takingOver =
  older === undefined
    ? takeOver({
        ...{ client, buildId, takesOver: config.takesOver, identity, log, stopping: stopping.signal },
        whenCurrent: () => keepSchedules(client, names.TASK_QUEUE),
      })
    : Promise.resolve();

// With the server away the core may never end its polls, and then not even exit() returns: a worker that is delivered to end
// ends all the same. What was under way is done again by whoever takes its place.
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => setTimeout(() => process.kill(process.pid, 'SIGKILL'), STOP_WITHIN_MS + 5_000).unref());
}
closeWithGrace({ delay: STOP_WITHIN_MS, logger: log }, async ({ err }) => {
  fatalLog(log, err);
  stopping.abort();
  await Promise.allSettled(loops.map((loop) => loop.stop()));
  worker.shutdown();
  await running;
  await Promise.allSettled([client.connection.close(), connection.close(), outside.close()]);
  await takingOver;
  await pool.end();
});
// A worker that ends by itself must take the process along, so that whoever keeps it running starts another.
await running;

function startLoops(): Loop[] {
  return [
    startOutboxPublisher({ connectionString, gateway, log }),
    startWorkflowStarter({ connectionString, gateway, log }),
    startInboxProcessor({
      ...{ connectionString, gateway, log },
      storeNumber: (db, number, to) => storeDocumentNumber(db, keyring, number, to),
    }),
    startDuplicateMatcher({ connectionString, matching: duplicateMatching(keyring, Date.now), now: Date.now, log }),
    startCommandSettler({
      connectionString,
      log,
      send: (workflowId, name, decision) =>
        sendCommand(client, workflowId, name, decision, {
          deadline: SETTLE_WITHIN_MS,
          onRecord: (id, commandId) =>
            eventLogOn(databaseOn(pool)).answerOnRecord(id.slice(id.indexOf(':') + 1), commandId),
        }),
    }),
    startVersionWatch({ connectionString, client, identity, now: Date.now, log }),
  ];
}
