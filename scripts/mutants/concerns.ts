import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import ts from 'typescript';

/** Which tests are run for the mutants of a file, in this order, and in which projects of vitest.config.ts. */
export type Tests = { project: 'domain' | 'integration'; files: string[] };

/**
 * Tests by the folder or file of the mutant, where the graph of imports says too little: a test with a database goes
 * through the composition root, which imports everything. The first row that fits counts.
 */
export const BY_PLACE: ReadonlyArray<[place: RegExp, tests: RegExp]> = [
  [/^workflows\/journey\//, /^tests\/workflows\/(?:journey|cancelRequests|memory|eventCount)\.test/],
  [/^workflows\/movement\//, /^tests\/workflows\/movement/],
  [/^workflows\/operation\.ts/, /^tests\/workflows\/operation/],
  [
    /^workflows\/(?:waiting|aggregate)/,
    /^tests\/workflows\/(?:activation|memory|journey|movement|cancelRequests|races)\.test/,
  ],
  [/^workflows\//, /^tests\/workflows\//],
  [
    /^application\/movements\//,
    /^tests\/(?:application\/movements\/|adapters\/postgres\/seats|workflows\/movementOnTheDatabase)/,
  ],
  [/^prisma\/migrations\//, /^tests\/adapters\/postgres\/(?:record|seats|tasks|duplicates|register)/],
  [/preconditionInput/, /^tests\/adapters\/postgres\/(?:seats|suspensions)|^tests\/activities\/requests/],
  [/postgres\/movements\//, /^tests\/adapters\/postgres\/(?:seats|situation)|^tests\/api\/(?:routes\/)?movement/],
  [/postgres\/requests/, /^tests\/activities\/requests|^tests\/adapters\/background\/inbox/],
  [/postgres\/(?:eventLog|idempotency)/, /^tests\/adapters\/postgres\/record|^tests\/api\/(?:keys|personCommands)/],
  [/postgres\/(?:imports|households)\//, /^tests\/adapters\/postgres\/(?:imports|register)|^tests\/api\/imports\//],
  [/postgres\/duplicates\//, /^tests\/(?:adapters\/postgres|api|application).*duplicates/],
  [/postgres\/operations\//, /^tests\/(?:adapters\/postgres\/(?:suspensions|rules|planActivation)|api\/operations)/],
  [/postgres\/partners\//, /^tests\/(?:adapters\/partners|activities\/requests|api\/.*partner)/],
  [/postgres\/webhooks\//, /^tests\/(?:adapters\/webhooks|api\/.*(?:endpoint|webhook|event))/],
  [/postgres\/journeys\//, /^tests\/adapters\/postgres\/(?:situation|people)|^tests\/api\/(?:people|routes)/],
  [/postgres\/people\//, /^tests\/adapters\/postgres\/(?:people|search|retention)|^tests\/api\/people/],
  [/postgres\/(?:alarms|tasks)/, /^tests\/(?:adapters\/postgres\/tasks|api\/alarms)/],
  [/postgres\/retention/, /^tests\/adapters\/postgres\/retention/],
  [/postgres\/starts/, /^tests\/(?:application\/starts|adapters\/background)/],
];

/** The tests of `root` and what each imports, at any distance. Read once for a run. */
export function testsOf(root: string): (file: string) => Tests {
  const all = readdirSync(join(root, 'tests'), { recursive: true, encoding: 'utf8' })
    .map((name) => posix.join('tests', name.replaceAll('\\', '/')))
    .filter((path) => path.endsWith('.test.ts') && !path.endsWith('.long.test.ts'))
    .sort();
  const imports = new Map<string, string[]>();
  const distances = new Map(
    all.filter((test) => test.startsWith('tests/domain/')).map((test) => [test, reached(root, test, imports)]),
  );
  return (file) => {
    if (file.startsWith('domain/')) return { project: 'domain', files: nearest(file, distances) };
    const [, tests] = BY_PLACE.find(([place]) => place.test(file)) ?? [file, /^tests\/adapters\/postgres\//];
    return { project: 'integration', files: all.filter((path) => tests.test(path)) };
  };
}

/** The tests that reach a file, those that import it themselves first. */
function nearest(file: string, distances: ReadonlyMap<string, ReadonlyMap<string, number>>): string[] {
  return [...distances]
    .flatMap(([test, reach]) => (reach.has(file) ? [{ test, distance: reach.get(file) ?? 0 }] : []))
    .toSorted((a, b) => a.distance - b.distance)
    .map(({ test }) => test);
}

/** Every file that `start` imports, with the number of imports on the way there. */
function reached(root: string, start: string, imports: Map<string, string[]>): Map<string, number> {
  const distance = new Map([[start, 0]]);
  for (const [path, far] of distance)
    for (const next of importsOf(root, path, imports)) if (!distance.has(next)) distance.set(next, far + 1);
  return distance;
}

function importsOf(root: string, path: string, known: Map<string, string[]>): string[] {
  const before = known.get(path);
  if (before) return before;
  const { importedFiles } = ts.preProcessFile(readFileSync(join(root, path), 'utf8'), true, true);
  const ours = importedFiles
    .filter(({ fileName }) => fileName.startsWith('.') && fileName.endsWith('.ts'))
    .map(({ fileName }) => posix.join(dirname(path), fileName));
  known.set(path, ours);
  return ours;
}
