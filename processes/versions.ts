/** `npm run versions`: which worker versions there are and what is left of them; `-- make-current [version]` changes it. */
import { openTemporal } from '../adapters/temporal/client.ts';
import { askToGoOn, makeCurrent, readVersions } from '../adapters/temporal/versions.ts';
import type { WorkerVersion } from '../application/versions/watch.ts';
import { NEW_VERSION, TASK_QUEUE } from '../workflows/messages.ts';
import { readLocalConfig } from './config.ts';
import { bundleFolder, workflowBundle } from './worker/bundle.ts';

const USAGE = `npm run versions                             what runs in which version
npm run versions -- make-current             new workflows start in the version of this build
npm run versions -- make-current <version>   … in this one, also an older one`;

const config = readLocalConfig();
const connection = { address: `127.0.0.1:${config.ports.temporal}` };
const client = openTemporal(config.temporal ?? { connection, namespace: 'default' });
const identity = 'npm run versions';

const [command, version, ...rest] = process.argv.slice(2);
try {
  if (command === undefined) write(table(await answered(() => readVersions(client, TASK_QUEUE))));
  else if (command === 'make-current' && rest.length === 0) await change(version);
  else fail(USAGE);
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}
await client.connection.close();

async function change(wanted: string | undefined): Promise<void> {
  const buildId = wanted ?? (await workflowBundle(bundleFolder(config.dataDir))).buildId;
  const known = (await answered(() => readVersions(client, TASK_QUEUE))).find((one) => one.buildId === buildId);
  // Without a worker every new workflow would are suspended.
  if (!known?.hasWorker) return fail(`No worker of version ${buildId} runs; start one first.`);
  await makeCurrent(client, { buildId, takesOver: 'always', identity });
  await askToGoOn(client, { signal: NEW_VERSION, identity });
  write(`New workflows start in version ${buildId}; those of other versions are asked to go on in it.`);
}

function answered<T>(call: () => Promise<T>): Promise<T> {
  return client.connection.withDeadline(Date.now() + 10_000, call);
}

function table(versions: readonly WorkerVersion[]): string {
  if (versions.length === 0) return 'No worker has run yet.';
  const rows = versions.map(({ buildId, current, openWorkflows, hasWorker, oldestTaskSeconds }) => [
    buildId,
    current ? 'current' : '',
    String(openWorkflows),
    hasWorker ? 'runs' : 'none',
    openWorkflows > 0 ? `${oldestTaskSeconds} s` : '',
  ]);
  const lines = [['version', '', 'open workflows', 'worker', 'oldest task waits'], ...rows];
  return lines
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(column === 0 ? 18 : 16))
        .join('')
        .trimEnd(),
    )
    .join('\n');
}

function write(text: string): void {
  process.stdout.write(`${text}\n`);
}

function fail(text: string): void {
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
}
