import { setTimeout as sleep } from 'node:timers/promises';
import closeWithGrace from 'close-with-grace';
import pino from 'pino';
import { secretBox } from '../adapters/crypto/envelope.ts';
import { loadKeyring } from '../adapters/crypto/keyring.ts';
import { callbacksOn } from '../adapters/partners/protocol.ts';
import { databaseOn, openPool } from '../adapters/postgres/database.ts';
import { eventLogOn } from '../adapters/postgres/eventLog.ts';
import { prismaOn } from '../adapters/postgres/prisma.ts';
import { startsOn } from '../adapters/postgres/starts.ts';
import { openTemporal, temporalAnswers } from '../adapters/temporal/client.ts';
import { readVersions } from '../adapters/temporal/versions.ts';
import { sendCommand, whileAvailable, workflowGateway } from '../adapters/temporal/workflowGateway.ts';
import { ZONES } from '../adapters/timeZones/zones.ts';
import { openGuardedClient } from '../adapters/webhooks/client.ts';
import { checkTarget } from '../adapters/webhooks/guard.ts';
import { buildApp } from '../api/app.ts';
import type { Engine } from '../api/ports.ts';
import { startsInBatches } from '../application/starts/start.ts';
import { withoutWorker } from '../application/versions/watch.ts';
import * as names from '../workflows/messages.ts';
import { startNow } from './composition/starts.ts';
import { createStore } from './composition/store.ts';
import { readConfig } from './config.ts';
import { fatalLog } from './fatalLog.ts';

/** How long a decision may take, all tries together, before its caller gets 503 and tries again. */
const COMMAND_DEADLINE_MS = 8_000;
const HEALTH_DEADLINE_MS = 1_000;
/** So long an answer waits for a start; what has not started by then starts behind its back, or by the relay. A quiet server starts within half of it. */
const START_WITHIN_MS = 10;
const STOP_WITHIN_MS = 20_000;

const config = readConfig();
const log = pino({ level: config.logLevel, name: 'api' });
const keyring = await loadKeyring(config.keyFile);
const pool = openPool(config.database.url, config.database.poolSize);
const prisma = prismaOn(pool);
const client = openTemporal(config.temporal);
const outside = openGuardedClient({ allowLoopback: config.local });
const gateway = workflowGateway(client, names);
const db = databaseOn(pool);
const start = startNow({ pool, gateway, log });
const answers = () => temporalAnswers(client, HEALTH_DEADLINE_MS);
const available = whileAvailable(answers);

/** What the relay will do as well: it is told, and nobody waits for it. */
function behindItsBack(what: string): (error: unknown) => void {
  return (error) => log.warn({ error: error instanceof Error ? error.name : 'unknown' }, `${what}; the relay will`);
}

const startSoon = startsInBatches(async (workflowIds) => {
  await available(() => start(workflowIds)).catch(behindItsBack('not started at once'));
});

const engine: Engine = {
  send: (workflowId, name, command) =>
    available(() =>
      sendCommand(client, workflowId, name, command, {
        deadline: COMMAND_DEADLINE_MS,
        start: async (id) => (await start([id])).length > 0 || startsOn(db).isOnItsWay(id),
        onRecord: (id, commandId) => eventLogOn(db).answerOnRecord(id.slice(id.indexOf(':') + 1), commandId),
      }),
    ),
  startNow: async (workflowIds) => {
    await Promise.race([startSoon(workflowIds), sleep(START_WITHIN_MS, undefined, { ref: false })]);
  },
  nudgeFeed: async (endpointId) => {
    await available(() => gateway.nudgeFeed(endpointId)).catch(behindItsBack('feed not nudged'));
  },
  answers,
  isRunning: (workflowId) => available(() => gateway.isRunning(workflowId)),
  suspendedVersions: async () =>
    withoutWorker(
      await client.connection.withDeadline(Date.now() + HEALTH_DEADLINE_MS, () =>
        readVersions(client, names.TASK_QUEUE),
      ),
    ),
};
const store = createStore({
  engine,
  pool,
  prisma,
  keyring,
  outside,
  refusedAddress: async (url) => {
    const decision = await checkTarget(url, outside.settings);
    return decision.ok ? undefined : decision.reason;
  },
  clock: Date.now,
});
const app = await buildApp({
  ports: {
    ...store,
    engine,
    clock: Date.now,
    zones: ZONES,
    log,
  },
  callbacks: callbacksOn(pool, secretBox(keyring)),
  trustedProxies: config.api.trustedProxies,
  authentication: {
    issuer: config.oidc.issuer,
    audience: config.oidc.audience,
    tokenType: config.oidc.tokenType,
  },
});

const address = await app.listen({ host: config.api.host, port: config.api.port });
process.stdout.write(`ready ${address}\n`);

// The public plugins come first, then the routes behind them.
closeWithGrace({ delay: STOP_WITHIN_MS, logger: log }, async ({ err }) => {
  fatalLog(log, err);
  await app.close();
  await Promise.allSettled([client.connection.close(), outside.close(), prisma.$disconnect()]);
  await pool.end();
});
