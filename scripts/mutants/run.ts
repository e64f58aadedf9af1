/**
 * `npm run mutants`: changes rules, roles, guards, times and statements one by one, in a copy, and runs the tests that
 * concern each. A mutant with which they all pass is a rule that nobody would notice the loss of.
 *
 * Files that differ from the main branch by default; `--all` takes every file. `--count=150`, `--seed=N` draws the same
 * sample again, `--only=TEXT` takes mutants whose id has this text, `--list` names them and runs nothing, `--jobs=2`.
 * Fails when fewer than 97 % are killed. A survivor that cannot be told apart by any behaviour is explained in
 * explained.json, by its id, and is not counted.
 */
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { root } from '../checks/project.ts';
import { table } from '../docs/markdown.ts';
import { type Tests, testsOf } from './concerns.ts';
import { type Copy, changedFiles, makeCopy, removeLeftovers, trackedFiles } from './copy.ts';
import { sampleOf } from './sample.ts';
import { type Site, sitesOf } from './sites.ts';
import { endAll, failedTest, runTests, tryMutant } from './try.ts';

const WANTED = 0.97;
const INVALID = /SyntaxError|Transform failed|syntax error at or near/;
const MUTATED = /^(?:domain|application|workflows|adapters\/postgres|prisma\/migrations)\/.*\.(?:ts|sql)$/;

/** `invalid`: the change was no program, which a test notices for no merit of its own. */
type Result = 'killed' | 'survived' | 'explained' | 'invalid';
type Tried = { site: Site; result: Result; by: string; seconds: number };

const { seed, count, jobs, list, all, only } = given();
const explained = z
  .record(z.string(), z.string())
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, 'explained.json'), 'utf8')));
const files = (all ? trackedFiles(root) : changedFiles(root)).filter((file) => MUTATED.test(file));
const sites = files
  .flatMap((file) => sitesOf(file, readFileSync(join(root, file), 'utf8')))
  .filter(({ id }) => id.includes(only));
const sample = sampleOf(sites, count, seed);
console.log(`Mutants: ${sample.length} of ${sites.length} in ${files.length} files; seed ${seed}`);
if (list) for (const { id, line } of sample) console.log(`${id} (line ${line})`);
else if (sample.length > 0) process.exitCode = (await run()) ? 0 : 1;

function given() {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: `${randomInt(2 ** 31)}` },
      count: { type: 'string', default: '150' },
      jobs: { type: 'string', default: '2' },
      only: { type: 'string', default: '' },
      list: { type: 'boolean', default: false },
      all: { type: 'boolean', default: false },
      changed: { type: 'boolean', default: true },
    },
  });
  const number = z.coerce.number().int().min(0);
  return {
    ...values,
    seed: number.parse(values.seed),
    count: number.parse(values.count),
    jobs: Math.max(1, number.parse(values.jobs)),
  };
}

/** Tries the sample. Whether enough was killed. */
async function run(): Promise<boolean> {
  removeLeftovers(root);
  const copies: Copy[] = [];
  const tidy = (): void => {
    endAll();
    for (const copy of copies.splice(0)) copy.remove();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      tidy();
      process.exit(130);
    });
  try {
    for (let job = 0; job < Math.min(jobs, sample.length); job += 1) copies.push(makeCopy(root, job));
    const tests = testsOf(root);
    const folder = copies[0]?.folder ?? root;
    if (
      !(await passesUnchanged(
        folder,
        sample.map(({ file }) => tests(file)),
      ))
    )
      return false;
    const tried: Tried[] = [];
    const queue = [...sample];
    await Promise.all(
      copies.map(async (copy) => {
        for (let site = queue.shift(); site !== undefined; site = queue.shift()) {
          const result = await judged(copy.folder, site, tests(site.file));
          tried.push(result);
          console.log(`${tried.length}/${sample.length} ${result.result} (${Math.round(result.seconds)} s) ${site.id}`);
        }
      }),
    );
    return report(tried);
  } finally {
    tidy();
  }
}

/** What fails by itself kills nothing, so the tests must pass before anything is changed. */
async function passesUnchanged(folder: string, chosen: readonly Tests[]): Promise<boolean> {
  for (const project of ['domain', 'integration'] as const) {
    const of = new Set(chosen.filter((tests) => tests.project === project).flatMap((tests) => tests.files));
    if (of.size === 0) continue;
    const { passed, output, seconds } = await runTests(folder, { project, files: [...of].sort() }, true);
    console.log(`unchanged: ${of.size} files of ${project} ${passed ? 'pass' : 'fail'} (${Math.round(seconds)} s)`);
    if (passed) continue;
    console.log(output);
    return false;
  }
  return true;
}

async function judged(folder: string, site: Site, tests: Tests): Promise<Tried> {
  if (tests.files.length === 0) return { site, result: outcomeOf(site), by: 'no test concerns this file', seconds: 0 };
  const { passed, timedOut, output, seconds } = await tryMutant(folder, site, tests);
  if (!passed && INVALID.test(output)) return { site, result: 'invalid', by: failedTest(output), seconds };
  if (!passed) return { site, result: 'killed', by: timedOut ? 'the time limit' : failedTest(output), seconds };
  return {
    site,
    result: outcomeOf(site),
    by: explained[site.id] ?? `${tests.files.length} files of tests pass`,
    seconds,
  };
}

function outcomeOf({ id }: Site): 'explained' | 'survived' {
  return id in explained ? 'explained' : 'survived';
}

function report(tried: readonly Tried[]): boolean {
  const rules = [...Map.groupBy(tried, ({ site }) => site.rule)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const number = (of: readonly Tried[], result: Result): number => of.filter((each) => each.result === result).length;
  const rows = [...rules, ['all', [...tried]] as const].map(([rule, of]) => [
    rule,
    ...[of.length, number(of, 'killed'), number(of, 'survived'), number(of, 'explained'), number(of, 'invalid')].map(
      String,
    ),
  ]);
  console.log(`\n${table(['rule', 'mutants', 'killed', 'survived', 'explained', 'invalid'], rows)}`);
  for (const { site, by } of tried.filter(({ result }) => result !== 'killed'))
    console.log(`${site.file}:${site.line} ${site.id}\n    ${site.what}: ${by}`);
  for (const { site } of tried.filter(({ site: { id }, result }) => result === 'killed' && id in explained))
    console.log(`${site.id} is explained as a survivor and was killed: remove the explanation`);
  const counted = tried.length - number(tried, 'explained') - number(tried, 'invalid');
  const share = counted === 0 ? 1 : number(tried, 'killed') / counted;
  console.log(`\n${(100 * share).toFixed(1)} % killed, ${100 * WANTED} % wanted; seed ${seed}`);
  return share >= WANTED;
}
