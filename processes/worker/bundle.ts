import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Folders that may end up in a bundle. */
const INGREDIENTS = ['workflows', 'domain'];
const WORKFLOWS = join(root, 'workflows/index.ts');
const KEPT_MS = 24 * 60 * 60 * 1_000;
const SOURCE_MAP = '\n//# sourceMappingURL=';

/** The workflows in one file, and the build id of the worker version that runs them. */
export type Bundle = { codePath: string; buildId: string };

/** Where bundles are kept, in the folder of everything local mode keeps. */
export function bundleFolder(dataDir: string): string {
  return join(dataDir, 'bundles');
}

/**
 * The workflows in one file, made once for each state of their sources: a cold start need not wait for it.
 * @param folder where bundles are kept; those of a day ago go when a new one is made
 */
export async function workflowBundle(folder: string): Promise<Bundle> {
  const codePath = pathIn(folder);
  if (!existsSync(codePath)) {
    const code = await bundled();
    mkdirSync(folder, { recursive: true });
    const making = `${codePath}.${process.pid}`;
    writeFileSync(making, code);
    // Several may make it at once; the last one to be done wins, and all are the same.
    renameSync(making, codePath);
    removeOld(folder);
  }
  return readBundle(codePath);
}

/** The bundle of these sources where it has been made already; read without the bundler, which is slow to load. */
export function madeBundle(folder: string): Bundle | undefined {
  const codePath = pathIn(folder);
  return existsSync(codePath) ? readBundle(codePath) : undefined;
}

/** A bundle that was made before, perhaps from other sources. */
export function readBundle(codePath: string): Bundle {
  return { codePath, buildId: buildIdOf(readFileSync(codePath, 'utf8')) };
}

/**
 * A hash of the code that runs: the same for the same sources on any machine, and another as soon as workflows could do
 * something else. The source map is left out, because it holds the paths of the machine that made it.
 */
export function buildIdOf(code: string): string {
  const map = code.lastIndexOf(SOURCE_MAP);
  return createHash('sha256')
    .update(map < 0 ? code : code.slice(0, map))
    .digest('hex')
    .slice(0, 16);
}

async function bundled(): Promise<string> {
  const { bundleWorkflowCode } = await import('@temporalio/worker');
  const silent = () => undefined;
  const { code } = await bundleWorkflowCode({
    workflowsPath: WORKFLOWS,
    // Loaded once and shared, frozen, by all workflows in memory, which they may be since no module keeps anything
    // (a rule that the checks keep): else each of the thousands would have all modules to itself.
    preloadModules: [join(root, 'workflows/stackTraces.ts'), WORKFLOWS],
    // Modules are named by their paths from here, so that the code does not depend on where the process was started.
    webpackConfigHook: (config) => ({ ...config, context: root }),
    logger: {
      trace: silent,
      debug: silent,
      info: silent,
      log: silent,
      warn: silent,
      error: (line) => process.stderr.write(`${line}\n`),
    },
  });
  return code;
}

function pathIn(folder: string): string {
  return join(folder, `${fingerprint()}.js`);
}

function removeOld(folder: string): void {
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    if (Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) > KEPT_MS)
      rmSync(file, { force: true });
  }
}

function fingerprint(): string {
  const hash = createHash('sha256');
  for (const file of [join(root, 'package-lock.json'), fileURLToPath(import.meta.url)]) hash.update(readFileSync(file));
  for (const folder of INGREDIENTS) {
    const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    );
    for (const name of files.sort()) hash.update(`${folder}/${name}\0`).update(readFileSync(join(root, folder, name)));
  }
  return hash.digest('hex').slice(0, 24);
}
