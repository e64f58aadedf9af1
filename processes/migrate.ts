/** `npm run migrate`: brings the database of the settings up to date; with `--reset <name>` it is made anew, empty. */
import { parseArgs } from 'node:util';
import { migrate } from '../prisma/migrate.ts';
import { OtherBaseline } from '../prisma/refused.ts';
import { RESET_OFFER, resetDatabase } from '../prisma/reset.ts';
import { readMigrateUrl } from './config.ts';

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const { values } = parseArgs({ options: { reset: { type: 'string' } } });
    const url = readMigrateUrl();
    if (values.reset !== undefined) {
      const name = decodeURIComponent(new URL(url).pathname.slice(1));
      if (values.reset !== name) {
        throw new Error(`The database of the settings is ${name} and not ${values.reset}: nothing was done.`);
      }
      await resetDatabase(url);
    }
    const { applied } = await migrate(url, { log: (line) => process.stdout.write(`${line}\n`) });
    if (applied.length === 0) process.stdout.write('The database is up to date.\n');
    return 0;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${message}${error instanceof OtherBaseline ? RESET_OFFER : ''}\n`);
    return 1;
  }
}
