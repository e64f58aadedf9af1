import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openTemporal } from '../../../adapters/temporal/client.ts';
import { makeCurrent, readVersions } from '../../../adapters/temporal/versions.ts';
import { type LocalConfig, readLocalConfig } from '../../../processes/config.ts';
import { type Addresses, type DevStack, openDevStack } from '../../../processes/local/devStack.ts';
import { PROCESSES, type StackProcess } from '../../../processes/local/processes.ts';
import { anyFreePort } from '../../../processes/parts/ports.ts';
import type { Bundle } from '../../../processes/worker/bundle.ts';
import { Client, tokens } from '../../../sandbox/client.ts';
import { TASK_QUEUE } from '../../../workflows/messages.ts';
import { eventually } from '../../support/systemRows.ts';
import { workflowBundle } from '../../support/temporal.ts';
import { anotherBuild } from '../../support/versions.ts';

let folder: string;
let surroundings: Record<string, string>;
let running: DevStack | undefined;
let said: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'homeward-upgrade-'));
  said = [];
  const names = ['API', 'WORKER', 'TEMPORAL', 'TEMPORAL_UI', 'ISSUER', 'SANDBOX'];
  const ports = await Promise.all(names.map(() => anyFreePort()));
  surroundings = {
    ...{ PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', HOMEWARD_DATA: join(folder, 'data') },
    ...Object.fromEntries(names.map((name, index) => [`HOMEWARD_${name}_PORT`, String(ports[index])])),
  };
});
afterEach(async () => {
  await running?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(processes: readonly StackProcess[], more: Record<string, string> = {}): Promise<Addresses> {
  const config: LocalConfig = readLocalConfig({ ...surroundings, ...more });
  running = openDevStack({ config, processes, say: (line) => said.push(line) });
  return running.ready;
}

function as(role: string, { issuer, api }: Addresses): Client {
  const user = issuer?.users.find((one) => one.clientId === role);
  if (!issuer || !user) throw new Error(`There is no ${role}`);
  return new Client(api, tokens(issuer.tokenEndpoint, user));
}

/** What only the worker of yesterday runs: its program of today with the bundle of yesterday. */
const YESTERDAY = PROCESSES.map(({ name, file, flags }): StackProcess => ({ name, file, flags }));

const HOUSEHOLD = {
  household_ref: 'H1',
  members: [
    {
      ...{ person_ref: 'P1', relationship_to_head: 'HEAD', given_names: 'Lilian', family_name: 'Vira', sex: 'F' },
      ...{ date_of_birth: '1988', dob_precision: 'year', nationality: 'VUT', consent: 'given' },
      registered_at: '2026-01-05T08:00:00+11:00',
    },
  ],
};

/** An operation with one household, registered while yesterday's build was current. */
async function liveThroughYesterday(yesterday: Bundle): Promise<string> {
  const addresses = await start(YESTERDAY, { HOMEWARD_OLDER_BUNDLE: yesterday.codePath });
  const engine = openTemporal({ connection: { address: addresses.temporal }, namespace: 'default' });
  await makeCurrent(engine, { buildId: yesterday.buildId, takesOver: 'always', identity: 'test' });
  const coordinator = as('coordinator', addresses);
  const operation = (await coordinator.post('/operations', {
    ...{ kind: 'evacuation', drill: false, name: 'Northern coast', country: 'VUT' },
  })) as { id: string };
  await coordinator.post(`/operations/${operation.id}/commands/activate`, {
    args: { government_request_ref: 'NDMO-7', leads: { protection: 'ana', health: 'ben', movement: 'caro' } },
  });
  const { people } = (await as('case_worker', addresses).post(`/operations/${operation.id}/households`, HOUSEHOLD)) as {
    people: Array<{ person_id: string }>;
  };
  await eventually(async () => (await readVersions(engine, TASK_QUEUE))[0]?.openWorkflows === 2, 100);
  await engine.connection.close();
  await running?.stop();
  return people[0]?.person_id ?? '';
}

it('people of yesterday go on in today’s build after npm start, and decisions on them are taken', async () => {
  mkdirSync(join(folder, 'data/versions'), { recursive: true });
  const yesterday = await anotherBuild(join(folder, 'data/versions'));
  const today = await workflowBundle();
  const person = await liveThroughYesterday(yesterday);

  const addresses = await start(PROCESSES);
  const engine = openTemporal({ connection: { address: addresses.temporal }, namespace: 'default' });
  await eventually(async () => {
    const [current, other] = await readVersions(engine, TASK_QUEUE);
    return current?.buildId === today.buildId && current.openWorkflows === 2 && other?.openWorkflows === 0;
  }, 100);
  await engine.connection.close();
  expect(running?.pidOf(`worker-${yesterday.buildId}`)).toBeDefined();
  expect(said.join('\n')).toContain(`version ${yesterday.buildId} of before has open workflows (2)`);
  const decided = await as('case_worker', addresses).post(`/people/${person}/commands/confirm-identity`, {});
  expect(decided).toMatchObject({ seq: 2 });
});
