import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, type WorkflowBundlePath } from '@temporalio/worker';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Folders that may end up in a bundle. */
const INGREDIENTS = ['workflows', 'domain'];
const WORKFLOWS = join(root, 'workflows/index.ts');
const KEPT_MS = 24 * 60 * 60 * 1_000;

/** Where bundles are kept, in the folder of everything local mode keeps. */
export function bundleFolder(dataDir: string): string {
  return join(dataDir, 'bundles');
}

/**
 * The workflows in one file, made once for each state of their sources: a cold start need not wait for it.
 * @param folder where bundles are kept; those of a day ago go when a new one is made
 */
export async function workflowBundle(folder: string): Promise<WorkflowBundlePath> {
  const codePath = join(folder, `${fingerprint()}.js`);
  if (existsSync(codePath)) return { codePath };
  mkdirSync(folder, { recursive: true });
  const silent = () => undefined;
  const { code } = await bundleWorkflowCode({
    workflowsPath: WORKFLOWS,
    // Loaded once and shared, frozen, by all workflows in memory, which they may be since no module keeps anything
    // (a rule of the system): else each of the thousands would have all modules to itself.
    preloadModules: [join(root, 'workflows/stackTraces.ts'), WORKFLOWS],
    logger: {
      trace: silent,
      debug: silent,
      info: silent,
      log: silent,
      warn: silent,
      error: (line) => process.stderr.write(`${line}\n`),
    },
  });
  const making = `${codePath}.${process.pid}`;
  writeFileSync(making, code);
  // Several may make it at once; the last one to be done wins, and all are the same.
  renameSync(making, codePath);
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    if (Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) > KEPT_MS)
      rmSync(file, { force: true });
  }
  return { codePath };
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
