/**
 * `npm test`: every check in order, then every test. Each check counts as one, each test as one. The last line is
 * the count, alone on its line, which is what continuous integration reads.
 * Arguments are filters on the names of test files and leave the checks out; `--only=lint` runs one check alone.
 */
import { generateClient } from '../../prisma/generate.ts';
import { checkLicences } from './licences.ts';
import { projectFolders, runCommand } from './project.ts';
import { checkSources } from './sources.ts';
import { runTests } from './tests.ts';
import { checkWords } from './words.ts';

/** The result of a check: nothing when it passed, else what is wrong and how to correct it. */
type Complaint = string | undefined;

interface Check {
  name: string;
  run(): Promise<Complaint>;
}

const tool = (name: string, command: string, args: string[], correct: string): Check => ({
  name,
  async run() {
    const { code, output } = await runCommand(command, args);
    return code === 0 ? undefined : `${output.trimEnd()}\n${correct}`;
  },
});

const folders = projectFolders();

const checks: Check[] = [
  {
    name: 'database-client',
    async run() {
      try {
        await generateClient();
        return undefined;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    },
  },
  tool(
    'format',
    'biome',
    ['check', '--error-on-warnings', '--reporter=summary', '.'],
    'Correct it with: npm run format',
  ),
  tool('lint', 'oxlint', ['--type-aware', '--deny-warnings', ...folders], 'See .oxlintrc.json for the rules.'),
  tool('types', 'node', ['node_modules/typescript-native/bin/tsc', '--noEmit'], 'Check again with: npm run typecheck'),
  tool(
    'import-rules',
    'depcruise',
    ['--config', '.dependency-cruiser.cjs', ...folders],
    'Who may import whom is in .dependency-cruiser.cjs.',
  ),
  { name: 'words', run: () => Promise.resolve(checkWords()) },
  { name: 'source-rules', run: () => Promise.resolve(checkSources(folders)) },
  tool('unused-code', 'knip', ['--no-progress'], 'Remove it, or use it.'),
  { name: 'licences', run: () => Promise.resolve(checkLicences()) },
];

const args = process.argv.slice(2);
const only = args.filter((word) => word.startsWith('--only=')).map((word) => word.slice('--only='.length));
const filters = args.filter((word) => !word.startsWith('--only='));
const chosen = filters.length > 0 ? [] : checks.filter((check) => only.length === 0 || only.includes(check.name));

let passed = 0;
let failed = 0;
let skipped = 0;

for (const check of chosen) {
  const began = performance.now();
  const complaint = await check.run();
  const took = ((performance.now() - began) / 1000).toFixed(1);
  if (complaint === undefined) passed += 1;
  else failed += 1;
  console.log(`${complaint === undefined ? '✓' : '✗'} ${check.name} (${took} s)`);
  if (complaint !== undefined) console.log(complaint);
}

if (only.length === 0) {
  const tests = await runTests(filters);
  passed += tests.passed;
  failed += tests.failed;
  skipped += tests.skipped;
  // A run in which no test ran shows nothing, so it is a failure too.
  if (tests.passed + tests.failed === 0) process.exitCode = 1;
}
console.log(`\n${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`);
if (failed > 0 || passed === 0) process.exitCode = 1;
