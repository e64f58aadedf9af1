/** `npm start`: everything on one machine, until Ctrl-C. */
import { join, relative } from 'node:path';
import { Client } from 'pg';
import { SESSION_LIMITS } from '../adapters/postgres/database.ts';
import { FIRST_DRILL } from '../sandbox/drill/firstDrill.ts';
import { drillState } from '../sandbox/drill/progress.ts';
import { runDrill } from '../sandbox/drill/run.ts';
import { ConfigInvalid, type LocalConfig, readLocalConfig } from './config.ts';
import { type Addresses, openDevStack } from './local/devStack.ts';
import { takeFolder } from './local/lock.ts';
import { PROCESSES } from './local/processes.ts';
import { startProgress } from './local/progress.ts';
import { readStartOptions, type StartOptions } from './local/startOptions.ts';

// A terminal that went away must not end us before everything is ended in order.
process.stdout.on('error', () => undefined);
const write = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function main(): Promise<number> {
  const { say, elapsed } = startProgress(write);
  let config: LocalConfig;
  let options: StartOptions;
  let giveBack: () => void;
  try {
    options = readStartOptions(process.argv.slice(2));
    config = readLocalConfig();
    giveBack = takeFolder(config.dataDir);
  } catch (error) {
    return complain(error);
  }

  const asked = new Promise<'asked'>((resolve) => {
    // Once per terminal and once per parent: a repeated signal is the same wish.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve('asked'));
  });
  const stack = openDevStack({ config, processes: PROCESSES, say, reset: options.reset });
  try {
    const first = await Promise.race([stack.ready, asked]);
    if (first !== 'asked') {
      write(welcome(first, config, elapsed()));
      const over = new AbortController();
      const drill = options.empty ? undefined : somethingToSee(first, config, over.signal);
      await asked;
      over.abort(new Error('Stopped'));
      await drill;
    }
    say('stopping, in order …');
    await stack.stop();
    say('everything is stopped');
    return 0;
  } catch (error) {
    return complain(error);
  } finally {
    giveBack();
  }
}

/**
 * On an empty database a drill on the island of Ambae runs, so that there is something to see; one that was stopped in
 * the middle goes on. Whoever has operations of their own is left alone.
 */
async function somethingToSee(
  { databaseUrl, issuer }: Addresses,
  config: LocalConfig,
  stop: AbortSignal,
): Promise<void> {
  if (issuer === undefined) return;
  const dataDir = join(config.dataDir, 'drills');
  const goesOn = drillState(dataDir, FIRST_DRILL.scenario) === 'under_way';
  if (!goesOn && !(await operationsAreNone(databaseUrl))) return;
  try {
    const { file } = await runDrill({
      scenario: FIRST_DRILL.folder,
      api: config.api.publicUrl,
      issuer: { tokenEndpoint: issuer.tokenEndpoint, users: issuer.users },
      partners: `http://127.0.0.1:${config.sandboxPort}`,
      dataDir,
      say: write,
      stop,
    });
    write(`Each person's end stands in ${relative(process.cwd(), file)}. The stack goes on; Ctrl-C stops it.`);
  } catch (error) {
    if (!stop.aborted) write(`The drill stopped: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function operationsAreNone(databaseUrl: string): Promise<boolean> {
  const client = new Client({ connectionString: databaseUrl, ...SESSION_LIMITS });
  await client.connect();
  try {
    return (await client.query('select 1 from operations limit 1')).rowCount === 0;
  } finally {
    await client.end();
  }
}

function complain(error: unknown): number {
  const known = error instanceof ConfigInvalid || error instanceof Error;
  process.stderr.write(`\n${known ? error.message : String(error)}\n`);
  return 1;
}

function welcome({ api, temporalUi, issuer }: Addresses, config: LocalConfig, seconds: string): string {
  const folder = relative(process.cwd(), config.dataDir) || config.dataDir;
  return [
    '',
    `Homeward runs (${seconds} s). Ctrl-C stops it; the next start goes on where it stopped.`,
    '',
    `  API            ${api}`,
    ...(temporalUi === undefined ? [] : [`  engine view    ${temporalUi}`]),
    ...(issuer === undefined ? [] : [`  sign-in        ${issuer.issuer}`]),
    `  data and logs  ${folder}`,
    ...(issuer === undefined
      ? []
      : [
          '',
          '  One user for each role, and the secret of each:',
          ...issuer.users.map(({ clientId, clientSecret }) => `    ${clientId.padEnd(20)} ${clientSecret}`),
          '',
          '  Try next:',
          `    TOKEN=$(curl -s -u ${issuer.users[0]?.clientId}:${issuer.users[0]?.clientSecret} -d grant_type=client_credentials ${issuer.tokenEndpoint} | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`,
          `    curl -s -H "Authorization: Bearer $TOKEN" ${api}/v1/operations`,
          `    curl -s ${api}/readyz`,
        ]),
    '',
    `  Open first: ${api}/docs`,
    '',
  ].join('\n');
}

process.exit(await main());
