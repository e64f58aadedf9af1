/** `npm run --silent token <role>`: an access token of one of the local users, for trying the API by hand. */
import { join } from 'node:path';
import { tokens } from '../sandbox/client.ts';
import { readSignIns } from '../sandbox/issuer/issuerState.ts';
import { readLocalConfig } from './config.ts';

const role = process.argv[2] ?? 'coordinator';
const config = readLocalConfig();
const users = await readSignIns(join(config.dataDir, 'issuer')).catch(() => []);
const user = users.find((one) => one.clientId === role);
if (user) {
  const token = await tokens(`http://127.0.0.1:${config.ports.issuer}/token`, user)();
  process.stdout.write(`${token}\n`);
} else {
  const known =
    users.length === 0
      ? 'Start the system first: npm start.'
      : `Known are: ${users.map((one) => one.clientId).join(', ')}.`;
  process.stderr.write(`There is no local user "${role}". ${known}\n`);
  process.exitCode = 1;
}
