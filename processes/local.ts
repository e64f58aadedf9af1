/** `npm start`: everything on one machine, until Ctrl-C. */
import { relative } from 'node:path';
import { ConfigInvalid, type LocalConfig, readLocalConfig } from './config.ts';
import { type Addresses, openHouse } from './local/house.ts';
import { takeFolder } from './local/lock.ts';
import { PROCESSES } from './local/processes.ts';
import { startProgress } from './local/progress.ts';

// A terminal that went away must not end us before everything is ended in order.
process.stdout.on('error', () => undefined);
const write = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function main(): Promise<number> {
  const { say, elapsed } = startProgress(write);
  let config: LocalConfig;
  let giveBack: () => void;
  try {
    config = readLocalConfig();
    giveBack = takeFolder(config.dataDir);
  } catch (error) {
    return complain(error);
  }

  const asked = new Promise<'asked'>((resolve) => {
    // Once per terminal and once per parent: a repeated signal is the same wish.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve('asked'));
  });
  const house = openHouse({ config, processes: PROCESSES, say });
  try {
    const first = await Promise.race([house.ready, asked]);
    if (first !== 'asked') {
      write(welcome(first, config, elapsed()));
      await asked;
    }
    say('stopping, in order …');
    await house.stop();
    say('everything is stopped');
    return 0;
  } catch (error) {
    return complain(error);
  } finally {
    giveBack();
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
  ].join('\n');
}

process.exit(await main());
