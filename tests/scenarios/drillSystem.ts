import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readLocalConfig } from '../../processes/config.ts';
import { type DevStack, openDevStack } from '../../processes/local/devStack.ts';
import { PROCESSES } from '../../processes/local/processes.ts';
import { anyFreePort } from '../../processes/parts/ports.ts';
import { Client, tokens } from '../../sandbox/client.ts';
import { type DrillOptions, type DrillResult, runDrill } from '../../sandbox/drill/run.ts';
import type { ScenarioFiles } from './expectedEnds.ts';

/** A separate stack for drills, on free ports and in a temporary folder. */
export type DrillSystem = {
  folder: string;
  /** data folder of the stack, with Temporal's store and the logs */
  dataDir: string;
  api: string;
  /** address of its database, for tests that read it directly */
  databaseUrl: string;
  /** an API client of one of the local users */
  as(role: string): Client;
  drill(
    options: Pick<DrillOptions, 'scenario' | 'people' | 'pace'> & { name: string; seen?: (line: string) => void },
  ): Promise<DrillResult>;
  /** kill -9; the stack starts it again */
  kill(process: 'worker' | 'api' | 'postgres' | 'temporal' | 'partners'): void;
  /** all output, for a test that fails */
  said: string[];
  close(): Promise<void>;
};

export async function openDrillSystem(): Promise<DrillSystem> {
  const folder = mkdtempSync(join(tmpdir(), 'homeward-drill-'));
  const port = async (): Promise<string> => String(await anyFreePort());
  const config = readLocalConfig({
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    HOMEWARD_DATA: join(folder, 'data'),
    HOMEWARD_API_PORT: await port(),
    HOMEWARD_WORKER_PORT: await port(),
    HOMEWARD_TEMPORAL_PORT: await port(),
    HOMEWARD_TEMPORAL_UI_PORT: await port(),
    HOMEWARD_ISSUER_PORT: await port(),
    HOMEWARD_SANDBOX_PORT: await port(),
  });
  const said: string[] = [];
  const stack: DevStack = openDevStack({ config, processes: PROCESSES, say: (line) => said.push(line) });
  const { issuer, api, databaseUrl } = await stack.ready;
  if (!issuer) throw new Error('A stack of its own has its own sign-in');
  return {
    folder,
    dataDir: config.dataDir,
    api,
    databaseUrl,
    as: (role) => {
      const user = issuer.users.find((one) => one.clientId === role);
      if (!user) throw new Error(`There is no ${role}`);
      return new Client(api, tokens(issuer.tokenEndpoint, user));
    },
    said,
    drill: ({ name, seen, ...options }) =>
      runDrill({
        ...options,
        api,
        issuer,
        partners: `http://127.0.0.1:${config.sandboxPort}`,
        dataDir: join(folder, 'drills', name),
        say: (line) => {
          said.push(`${name}: ${line}`);
          seen?.(line);
        },
      }),
    kill: (name) => {
      const pid = stack.pidOf(name);
      if (pid === undefined) throw new Error(`${name} does not run`);
      process.kill(pid, 'SIGKILL');
    },
    close: async () => {
      await stack.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function scenarioFolder(name: string): string {
  return fileURLToPath(new URL(`../../sandbox/scenarioData/${name}`, import.meta.url));
}

/** A copy of a scenario with one answer changed. */
export function withAnswer(folder: string, scenario: string, personRef: string, change: object): string {
  const copy = join(folder, `${personRef}-changed`);
  cpSync(scenarioFolder(scenario), copy, { recursive: true });
  const file = join(copy, 'registry_answers.json');
  const answers = JSON.parse(readFileSync(file, 'utf8')) as { people: Record<string, object> };
  answers.people[personRef] = { ...answers.people[personRef], ...change };
  writeFileSync(file, JSON.stringify(answers));
  return copy;
}

/** The files of a scenario; `taken` limits the list to these people. */
export function filesOf(folder: string, taken?: ReadonlySet<string>): ScenarioFiles {
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
  const lines = read('registrations.csv').split('\n');
  const kept = lines.filter((line, i) => i === 0 || taken === undefined || taken.has(line.split(',')[1] ?? ''));
  return { registrations: kept.join('\n'), answers: read('registry_answers.json'), movements: read('movements.json') };
}
