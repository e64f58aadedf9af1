/** The stand-in partners as a process of the system on one machine: what drills ask. Never part of a real deployment. */
import { join } from 'node:path';
import { startPartners } from '../sandbox/partners/server.ts';
import { readConfig } from './config.ts';

const config = readConfig();
const log = (message: string): void => {
  process.stderr.write(`${message}\n`);
};
const partners = await startPartners({ port: config.sandboxPort, dataDir: join(config.dataDir, 'partners'), log });
process.stdout.write(`ready ${partners.url}\n`);

let ending: Promise<void> | undefined;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    ending ??= partners.stop().then(() => process.exit(0));
  });
}
