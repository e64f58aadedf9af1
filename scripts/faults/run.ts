/**
 * `npm run faults`: the fault suite in its long form. `--only=F1,F5` breaks only these, `--seed=N` makes the same faults
 * at the same places again, `--short` takes the form that every `npm test` runs. Ends with a table of what the oracles
 * counted, and `N passed, N failed` alone on the last line.
 */
import { randomInt } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { root, runCommand } from '../checks/project.ts';
import { table } from '../docs/markdown.ts';

/** The faults that are tested, by number, and where. */
const FAULTS = {
  F1: { file: 'tests/faults/killedWorker.test.ts' },
  F2: { file: 'tests/faults/rollingKills.test.ts' },
  F3: { file: 'tests/faults/killedApi.test.ts' },
  F5: { file: 'tests/faults/databaseRestarts.test.ts' },
  F6: { file: 'tests/faults/temporalAway.test.ts' },
  F7: { file: 'tests/faults/lostAnswers.test.ts' },
  F11: { file: 'tests/workflows/races.test.ts' },
  F17: { file: 'tests/faults/malformedLists.test.ts' },
  F18: { file: 'tests/faults/hugeBodies.test.ts' },
  F19: { file: 'tests/faults/hostileIds.test.ts' },
} as const;

type FaultId = keyof typeof FAULTS;

function isFault(name: string): name is FaultId {
  return Object.hasOwn(FAULTS, name);
}

/** What came of one test of a fault. */
type Broken = { fault: string; what: string; rounds: number; counted: string; passed: boolean };

const report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(
        z.object({
          ancestorTitles: z.array(z.string()),
          title: z.string(),
          status: z.string(),
          duration: z.number().nullish(),
          meta: z
            .object({ fault: z.object({ fault: z.string(), rounds: z.number(), counted: z.string() }).optional() })
            .optional(),
        }),
      ),
    }),
  ),
});

const { seed, only, short } = given();
process.stdout.write(`Faults ${only.join(', ')}; seed ${seed}; ${short ? 'short' : 'long'} form\n`);
const output = join(root, '.homeward/checks/faults.json');
mkdirSync(join(root, '.homeward/checks'), { recursive: true });
rmSync(output, { force: true });
await runCommand(
  'vitest',
  [
    'run',
    '--project=integration',
    // Other tests may stand in the same file.
    `--testNamePattern=^(?:${only.join('|')}): `,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${output}`,
    ...new Set(only.map((fault) => FAULTS[fault].file)),
  ],
  { live: true, env: { FAULTS_SEED: String(seed), FAULTS_FORM: short ? 'short' : 'long' } },
);
const broken = found();
const page = tableOf(broken, seed);
writeFileSync(join(root, '.homeward/checks/faults.md'), page);
const failed = broken.filter(({ passed }) => !passed).length;
process.stdout.write(`\n${page}\nseed ${seed}\n${broken.length - failed} passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);

function given(): { seed: number; only: FaultId[]; short: boolean } {
  const { values } = parseArgs({
    options: { seed: { type: 'string' }, only: { type: 'string' }, short: { type: 'boolean', default: false } },
  });
  const names = values.only?.split(',') ?? Object.keys(FAULTS);
  const unknown = names.filter((name) => !isFault(name));
  const number = values.seed === undefined ? randomInt(1, 2 ** 31) : Number(values.seed);
  if (unknown.length > 0)
    complain(`There is no fault ${unknown.join(', ')}: there are ${Object.keys(FAULTS).join(', ')}.`);
  if (!Number.isInteger(number)) complain('A seed is a whole number.');
  return { seed: number, only: names.filter(isFault), short: values.short };
}

function complain(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(2);
}

/** Every test that ran, and every file that could not even begin: what did not run did not pass. */
function found(): Broken[] {
  let text: string;
  try {
    text = readFileSync(output, 'utf8');
  } catch {
    return [{ fault: only.join(','), what: 'the run itself', rounds: 0, counted: 'nothing ran', passed: false }];
  }
  return report.parse(JSON.parse(text)).testResults.flatMap((file) => {
    const tests = file.assertionResults.filter(({ status }) => status === 'passed' || status === 'failed');
    if (tests.length === 0 || (file.status === 'failed' && tests.every(({ status }) => status === 'passed')))
      return [
        {
          fault: file.name.replace(`${root}/`, ''),
          what: 'the file',
          rounds: 0,
          counted: file.message ?? '',
          passed: false,
        },
      ];
    return tests.map(({ ancestorTitles, title, status, meta }) => ({
      fault: meta?.fault?.fault ?? ancestorTitles[0]?.split(':')[0] ?? '',
      what: title,
      rounds: meta?.fault?.rounds ?? 0,
      counted: meta?.fault?.counted ?? '',
      passed: status === 'passed',
    }));
  });
}

/** A row for each test, in the order of the faults. */
function tableOf(broken: readonly Broken[], seed: number): string {
  const number = ({ fault }: Broken): number => Number(/\d+/.exec(fault)?.[0] ?? 0);
  const rows = broken
    .toSorted((one, other) => number(one) - number(other))
    .map(({ fault, what, rounds, counted, passed }) => [
      fault,
      String(rounds),
      String(seed),
      // A pipe would be a column; a failure's message may have many lines.
      (counted === '' ? what : counted).split('\n')[0]?.replaceAll('|', '/') ?? '',
      passed ? 'passed' : 'FAILED',
    ]);
  return `${table(['fault', 'rounds', 'seed', 'what the oracle counted', ''], rows)}\n`;
}
