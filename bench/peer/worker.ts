/** The worker of the peers: the same options as the system's own (processes/worker/options.ts), workflows with nothing in them. */
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { openPool } from '../../adapters/postgres/database.ts';
import { readConfig } from '../../processes/config.ts';
import { WORKER_OPTIONS } from '../../processes/worker/options.ts';
import { ONE_FRAME_PEER_WORKFLOWS, PEER_WORKFLOWS } from './bundle.ts';
import { PEER_QUEUE, type PeerActivities } from './messages.ts';

const config = readConfig();
Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
const pool = openPool(config.database.url, config.database.poolSize);
const nothing = async (): Promise<void> => undefined;

/** One transaction, written as tersely as it can be: event_log, projection and outbox in one prepared statement. */
const RECORD = {
  name: 'bench_record',
  text: `with event as (
           insert into bench_events (subject, seq, data) values ($1, $2, $3) on conflict do nothing),
         event as (
           insert into bench_outbox (subject, seq, data) values ($1, $2, $3))
         insert into bench_subjects (subject, seq, month) values ($1, $2, $4)
         on conflict (subject) do update set seq = excluded.seq, month = excluded.month`,
};

const activities: PeerActivities = {
  lookUp: nothing,
  ask: nothing,
  suspensionOverlap: nothing,
  nothing,
  async record({ subject, seq, waitsForMonth }) {
    await pool.query({ ...RECORD, values: [subject, seq, JSON.stringify({ seq }), waitsForMonth ?? null] });
  },
};

const [connection, workflowBundle] = await Promise.all([
  NativeConnection.connect(config.temporal.connection),
  bundleWorkflowCode(process.env['BENCH_ONE_FRAME'] === 'yes' ? ONE_FRAME_PEER_WORKFLOWS : PEER_WORKFLOWS),
]);
const worker = await Worker.create({
  ...WORKER_OPTIONS,
  connection,
  namespace: config.temporal.namespace,
  taskQueue: PEER_QUEUE,
  workflowBundle,
  activities,
});
const running = worker.run();
process.stdout.write('ready peer\n');
process.once('SIGTERM', () => worker.shutdown());
await running;
await connection.close();
await pool.end();
