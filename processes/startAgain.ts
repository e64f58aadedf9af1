/** `npm run start-again -- journey:jrn_…`: starts a subject again from its event log, where its workflow is gone. */
import { openPool } from '../adapters/postgres/database.ts';
import { openTemporal } from '../adapters/temporal/client.ts';
import { workflowGateway } from '../adapters/temporal/workflowGateway.ts';
import { startAgain } from '../application/starts/start.ts';
import * as names from '../workflows/messages.ts';
import { startAgainPorts } from './composition/starts.ts';
import { readConfig } from './config.ts';

const [workflowId] = process.argv.slice(2);
if (workflowId === undefined) throw new Error('Which one? Give its workflow id: journey:…, movement:… or operation:…');
const config = readConfig();
const pool = openPool(config.database.url, 1);
const client = openTemporal(config.temporal);
try {
  const seq = await startAgain(startAgainPorts(pool, workflowGateway(client, names)), workflowId);
  process.stdout.write(`${workflowId} goes on after event ${seq}.\n`);
} finally {
  await client.connection.close();
  await pool.end();
}
