import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, type WorkflowBundlePath } from '@temporalio/worker';
import { cacheFolder } from '../../processes/config.ts';
import { temporalBinary, timeSkippingBinary } from '../../processes/parts/temporalPrograms.ts';

const root = join(import.meta.dirname, '../..');
const BUNDLES = join(root, '.homeward/checks/bundles');
const KEPT_MS = 24 * 60 * 60 * 1_000;
/** What ends up in a bundle, or decides how it is made. */
const INGREDIENTS = ['workflows', 'domain', 'activities'];

const log = (line: string) => process.stderr.write(`${line}\n`);

/** A Temporal server in which a year passes in a moment. Call `teardown` in afterAll. */
export async function timeSkippingEnvironment(): Promise<TestWorkflowEnvironment> {
  const path = await timeSkippingBinary({ cacheDir: cacheFolder(), log });
  return TestWorkflowEnvironment.createTimeSkipping({ server: { executable: { type: 'existing-path', path } } });
}

/** The real development server, in memory, without its UI. Call `teardown` in afterAll. */
export async function devServerEnvironment(): Promise<TestWorkflowEnvironment> {
  const path = await temporalBinary({ cacheDir: cacheFolder(), path: process.env.PATH, log });
  return TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path },
      ip: '127.0.0.1',
      extraArgs: ['--dynamic-config-value', 'frontend.enableServerVersionCheck=false'],
    },
  });
}

/** The workflows as a worker runs them (`workflowBundle` of Worker.create), made once for each state of their sources. */
export async function workflowBundle(): Promise<WorkflowBundlePath> {
  const codePath = join(BUNDLES, `${fingerprint()}.js`);
  if (existsSync(codePath)) return { codePath };
  mkdirSync(BUNDLES, { recursive: true });
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(root, 'workflows/index.ts'),
    logger: { trace() {}, debug() {}, info() {}, log() {}, warn: log, error: log },
  });
  // Several test files may make it at once; the last one to be done wins, and all are the same.
  const making = `${codePath}.${process.pid}`;
  writeFileSync(making, code);
  renameSync(making, codePath);
  for (const name of readdirSync(BUNDLES)) {
    const file = join(BUNDLES, name);
    if (Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) > KEPT_MS)
      rmSync(file, { force: true });
  }
  return { codePath };
}

function fingerprint(): string {
  const hash = createHash('sha256');
  hash.update(readFileSync(join(root, 'package-lock.json')));
  for (const folder of INGREDIENTS) {
    const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    );
    for (const name of files.sort()) hash.update(`${folder}/${name}\0`).update(readFileSync(join(root, folder, name)));
  }
  return hash.digest('hex').slice(0, 24);
}
