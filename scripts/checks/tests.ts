import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { root, runCommand } from './project.ts';

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

const report = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) })),
});

/**
 * Runs vitest on the files whose names contain one of `filters` (all, if none), shows it live, and counts. A file
 * that cannot even be loaded counts as one failure, and so does a run that fails for a reason no test carries.
 */
export async function runTests(filters: string[]): Promise<Counts> {
  const file = join(root, '.homeward/checks/tests.json');
  mkdirSync(dirname(file), { recursive: true });
  rmSync(file, { force: true });
  const { code } = await runCommand(
    'vitest',
    [
      'run',
      '--project=domain',
      '--project=integration',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${file}`,
      ...filters,
    ],
    { live: true },
  );
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const found = report.parse(JSON.parse(text));
  const brokenFiles = found.testResults.filter(
    (result) => result.status === 'failed' && !result.assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const failed = found.numFailedTests + brokenFiles;
  return {
    passed: found.numPassedTests,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: found.numPendingTests + found.numTodoTests,
  };
}
