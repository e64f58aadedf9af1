import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { feedActivities } from '../../../activities/background.ts';
import { workflowGateway } from '../../../adapters/temporal/workflowGateway.ts';
import { type GuardedClient, openGuardedClient } from '../../../adapters/webhooks/client.ts';
import { feedPorts } from '../../../processes/composition/activities.ts';
import { startOutboxPublisher } from '../../../processes/composition/loops.ts';
import * as names from '../../../workflows/messages.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { type Sink, startSink } from '../../support/sink.ts';
import {
  eventually,
  insertAgreement,
  insertEndpoint,
  insertEvent,
  insertOperation,
  insertPartner,
  openBox,
  silentLog,
  TEST_SECRET,
} from '../../support/systemRows.ts';
import { devServerEnvironment, workflowBundle } from '../../support/temporal.ts';

const TYPE = 'movement.changed';
let database: TestDatabase;
let environment: TestWorkflowEnvironment;
let client: GuardedClient;
let sink: Sink;

beforeAll(async () => {
  [database, environment] = await Promise.all([testDatabase(), devServerEnvironment()]);
  client = openGuardedClient({ allowLoopback: true });
  sink = await startSink(TEST_SECRET);
});
afterAll(async () => {
  await sink?.stop();
  await client?.close();
  await environment?.teardown();
  await database?.drop();
});

async function newWorker(): Promise<{ stop(): Promise<void> }> {
  const connection = await NativeConnection.connect({ address: environment.address });
  const ports = feedPorts({ pool: database.pool, secrets: openBox, client });
  const worker = await Worker.create({
    connection,
    taskQueue: names.TASK_QUEUE,
    workflowBundle: await workflowBundle(),
    activities: { ...feedActivities(ports) },
    shutdownGraceTime: 0,
  });
  const running = worker.run();
  return {
    async stop() {
      worker.shutdown();
      await running;
      await connection.close();
    },
  };
}

it('brings what is recorded to a partner, in order for each subject, over restarts of outbox publisher, worker and database connections', async () => {
  const { pool } = database;
  const operationId = await insertOperation(pool);
  const partnerId = await insertPartner(pool, operationId);
  await insertAgreement(pool, partnerId, operationId, { eventTypes: [TYPE] });
  await insertEndpoint(pool, partnerId, sink.url, [TYPE]);
  const gateway = workflowGateway(environment.client, names);
  const relay = () => startOutboxPublisher({ connectionString: database.url, gateway, log: silentLog, pollMs: 50 });
  let running = relay();
  let worker = await newWorker();
  const subjects = ['mov_1', 'mov_2', 'mov_3', 'mov_4'];
  for (let seq = 1; seq <= 30; seq++) {
    for (const subject of subjects) await insertEvent(pool, { operationId, subject, seq, type: TYPE });
    await pool.query(`select pg_notify('outbox', '')`);
    if (seq === 10) {
      await running.stop();
      running = relay();
    }
    if (seq === 15) {
      await worker.stop();
      worker = await newWorker();
    }
    if (seq === 20) {
      await pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid()`,
      );
    }
  }
  await eventually(
    async () =>
      (await pool.query(`select from deliveries where status = 'delivered'`)).rowCount === 30 * subjects.length,
    100,
  );
  await worker.stop();
  await running.stop();

  expect(sink.forged).toBe(0);
  for (const subject of subjects) {
    const seen = sink.received.filter(({ body }) => body.data['movement_id'] === subject);
    // What was sent when the worker went may come twice, under its own id: once each, it is in order.
    const once = [...new Map(seen.map((message) => [message.id, message.body.data['sequence']])).values()];
    expect(once).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
  }
  const { rows } = await pool.query(
    'select count(distinct position)::integer as n, max(position)::integer as last from outbox',
  );
  expect(rows).toEqual([{ n: 120, last: 120 }]);
}, 180_000);
