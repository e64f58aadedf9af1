/** The stand-in offices as a process of the house on one machine: what drills ask. Never part of a real deployment. */
import { join } from 'node:path';
import { startOffices } from '../sandbox/offices/server.ts';
import { readConfig } from './config.ts';

const config = readConfig();
const log = (message: string): void => {
  process.stderr.write(`${message}\n`);
};
const offices = await startOffices({ port: config.sandboxPort, dataDir: join(config.dataDir, 'offices'), log });
process.stdout.write(`ready ${offices.url}\n`);

let ending: Promise<void> | undefined;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    ending ??= offices.stop().then(() => process.exit(0));
  });
}
