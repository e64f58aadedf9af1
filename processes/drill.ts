/** `npm run drill`: runs a drill on a scenario, on the stack that runs here, or on one that it starts for itself. */
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import type { Pace } from '../sandbox/drill/clock.ts';
import { FIRST_DRILL } from '../sandbox/drill/firstDrill.ts';
import { type DrillOptions, runDrill } from '../sandbox/drill/run.ts';
import { readSignIns } from '../sandbox/issuer/issuerState.ts';
import { type LocalConfig, readLocalConfig } from './config.ts';
import { type DevStack, openDevStack } from './local/devStack.ts';
import { takeFolder } from './local/lock.ts';
import { PROCESSES } from './local/processes.ts';

type Given = { scenario: string; people?: number; clock: Pace };

const write = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const given = new Command('drill')
  .description('Runs a drill from the registration list to the last follow-up, and accounts for everybody.')
  .option(
    '--scenario <dir>',
    'folder with registrations.csv, registry_answers.json and movements.json',
    FIRST_DRILL.folder,
  )
  .option('--people <n>', 'only the first so many people, in whole households', wholeNumber)
  .option('--clock <pace>', 'standard, fast, or a factor on the real time it takes', paceOf, 'standard' as Pace)
  .parse()
  .opts<Given>();

process.exit(await main());

async function main(): Promise<number> {
  const stopped = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopped.abort(new Error('Stopped')));
  let stack: { stop(): Promise<void> } | undefined;
  try {
    const config = readLocalConfig();
    const place = await running(config, stopped.signal);
    stack = place.stack;
    const { checks, file } = await runDrill({
      scenario: resolve(given.scenario),
      api: config.api.publicUrl,
      issuer: { tokenEndpoint: place.tokenEndpoint, users: place.users },
      partners: `http://127.0.0.1:${config.sandboxPort}`,
      dataDir: join(config.dataDir, 'drills'),
      people: given.people,
      pace: given.clock,
      say: write,
      stop: stopped.signal,
    });
    write(`Each person's end stands in ${file}`);
    return checks.every((check) => check.holds) ? 0 : 1;
  } catch (error) {
    if (stopped.signal.aborted) write('Stopped. The same command goes on where this stopped.');
    else process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    await stack?.stop();
  }
}

type Place = Pick<DrillOptions['issuer'], 'tokenEndpoint' | 'users'> & { stack: Pick<DevStack, 'stop'> | undefined };

/** The stack that answers on this machine, else one of our own, which ends with the drill. */
async function running(config: LocalConfig, stop: AbortSignal): Promise<Place> {
  if (await answers(`${config.api.publicUrl}/livez`)) {
    const users = await readSignIns(join(config.dataDir, 'issuer'));
    return { tokenEndpoint: `http://127.0.0.1:${config.ports.issuer}/token`, users, stack: undefined };
  }
  const giveBack = takeFolder(config.dataDir);
  const stack = openDevStack({ config, processes: PROCESSES, say: write });
  const stopBoth = async (): Promise<void> => {
    await stack.stop();
    giveBack();
  };
  try {
    const { issuer } = await Promise.race([stack.ready, aborted(stop)]);
    if (!issuer)
      throw new Error('A drill needs the local sign-in, one user for each role: leave HOMEWARD_OIDC_ISSUER unset.');
    return { tokenEndpoint: issuer.tokenEndpoint, users: issuer.users, stack: { stop: stopBoth } };
  } catch (error) {
    await stopBoth();
    throw error;
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}

function aborted(stop: AbortSignal): Promise<never> {
  return new Promise((_, fail) => {
    stop.addEventListener('abort', () => fail(stop.reason as Error), { once: true });
  });
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('a whole number above 0');
  return number;
}

function paceOf(text: string): Pace {
  if (text === 'standard' || text === 'fast') return text;
  const factor = Number(text);
  if (!(factor > 0)) throw new InvalidArgumentError('standard, fast, or a factor above 0');
  return factor;
}
