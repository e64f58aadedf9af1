import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tests } from './concerns.ts';
import { mutated, type Site } from './sites.ts';

export type Outcome = { passed: boolean; timedOut: boolean; output: string; seconds: number };

/** Seconds that the tests of one mutant may take; a mutant that takes longer does not end, and is noticed. */
const LIMIT = { domain: 180, integration: 600 } as const;

const running = new Set<ChildProcess>();

/** Ends what runs now, with everything that it started. */
export function endAll(): void {
  for (const child of running) end(child);
}

function end({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/** Runs tests in a copy, up to the first that fails unless `all`. */
export function runTests(folder: string, { project, files }: Tests, all = false): Promise<Outcome> {
  const vitest = [join('node_modules', 'vitest', 'vitest.mjs'), 'run', `--project=${project}`, '--maxWorkers=1'];
  const began = performance.now();
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...vitest, ...(all ? [] : ['--bail=1']), '--reporter=default', ...files], {
      cwd: folder,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
    });
    running.add(child);
    let output = '';
    let timedOut = false;
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-20_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const limit = setTimeout(
      () => {
        timedOut = true;
        end(child);
      },
      LIMIT[project] * (all ? 10_000 : 1_000),
    );
    child.on('close', (code) => {
      clearTimeout(limit);
      running.delete(child);
      resolve({ passed: code === 0, timedOut, output, seconds: (performance.now() - began) / 1000 });
    });
  });
}

/** Makes one change in a copy, runs the tests that concern it, and changes it back. */
export async function tryMutant(folder: string, site: Site, tests: Tests): Promise<Outcome> {
  const path = join(folder, site.file);
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, mutated(text, site));
  try {
    return await runTests(folder, tests);
  } finally {
    writeFileSync(path, text);
  }
}

/** The first test that failed, as vitest names it. */
export const failedTest = (output: string): string =>
  /^\s*FAIL\s+(?:\|?\w+\|?\s+)?(?<test>.+)$/m.exec(output)?.groups?.['test']?.trim() ?? 'no test could run';
