/**
 * `npm run measure`: what the structure of the code costs, as a page of Markdown (docs/measures.md tells how it is
 * counted). `--json FILE` writes the same as data. Ends with an error where a named shape is not where the page says.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root, runCommand } from '../checks/project.ts';
import { openCountedSystem } from './countedSystem.ts';
import { locateIn } from './coverage.ts';
import { readImports } from './importGraph.ts';
import { byFolder, type CountedFile, plpgsqlFunctions, productFiles, readMigrations } from './lines.ts';
import { type Measures, pageOf } from './report.ts';
import { missingShapes, readShapes } from './shapes.ts';
import { EVENT_NAMES, MIGRATIONS } from './specifics.ts';
import { openCase, type Played, type Way } from './ways.ts';

const COUNTED_ROUNDS = 6;
const say = (line: string): void => void process.stderr.write(`${line}\n`);

const { values } = parseArgs({ options: { json: { type: 'string' } } });
const shapes = readShapes(root);
const missing = missingShapes(root, shapes);
for (const { type, file } of missing) say(`${file} declares no ${type}: correct the table in docs/measures.md`);
if (missing.length > 0) process.exitCode = 1;

const files = productFiles(root);
const measures: Measures = {
  commit: (await runCommand('git', ['rev-parse', '--short', 'HEAD'])).output.trim(),
  date: new Date().toISOString().slice(0, 10),
  ways: crossedFiles(await playedRounds(), files),
  shapes: Object.fromEntries([...Map.groupBy(shapes, ({ thing }) => thing)].map(([thing, all]) => [thing, all.length])),
  code: codeOf(files),
  plpgsql: plpgsqlOf(),
  imports: await readImports([...Object.keys(byFolder(files)).filter((folder) => folder !== 'scripts'), 'sandbox']),
};
process.stdout.write(pageOf(measures));
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(measures, undefined, 2)}\n`);

/** The rounds after the first, which loads and sets up what is needed only once. */
async function playedRounds(): Promise<Played[]> {
  say('Starting the system');
  const system = await openCountedSystem();
  try {
    const opened = await openCase(system);
    const played: Played[] = [];
    for (let number = 0; number <= COUNTED_ROUNDS; number += 1) {
      say(number === 0 ? 'Warming up' : `Round ${number} of ${COUNTED_ROUNDS}`);
      const round = await opened.round(`R${number}`);
      if (number > 0) played.push(round);
    }
    await opened.close();
    return played;
  } finally {
    await system.close();
  }
}

/** A file is crossed where a function of it ran in every round; what ran in some only belongs to the background. */
function crossedFiles(rounds: readonly Played[], product: readonly CountedFile[]): Measures['ways'] {
  const locate = locateIn(root);
  const known = new Set(product.map(({ path }) => path).filter((path) => !path.startsWith('scripts/')));
  const crossedOn = (way: Way): Measures['ways'][Way] => {
    const sets = rounds.map((round) => new Set(round[way].map(locate).filter((path) => known.has(path ?? ''))));
    const all = [...new Set(sets.flatMap((set) => [...set]))].filter((path) => path !== undefined).sort();
    const always = (path: string): boolean => sets.every((set) => set.has(path));
    return { files: all.filter(always), sometimes: all.filter((path) => !always(path)) };
  };
  return {
    register: crossedOn('register'),
    command: crossedOn('command'),
    callback: crossedOn('callback'),
    row: crossedOn('row'),
  };
}

function codeOf(counted: readonly CountedFile[]): Measures['code'] {
  const longer = (than: number): string[] =>
    counted.filter(({ lines }) => lines > than).map(({ path, lines }) => `\`${path}\`: ${lines}`);
  return {
    total: sumOf(counted),
    byFolder: byFolder(counted),
    measuring: sumOf(counted.filter(({ path }) => path.startsWith('scripts/measure/'))),
    over300: longer(300),
    over400: longer(400),
  };
}

function sumOf(counted: readonly CountedFile[]): number {
  return counted.reduce((sum, { code }) => sum + code, 0);
}

function plpgsqlOf(): Measures['plpgsql'] {
  const functions = plpgsqlFunctions(readMigrations(join(root, MIGRATIONS)), EVENT_NAMES);
  return { functions, lines: functions.reduce((sum, { lines }) => sum + lines, 0) };
}
