import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { root } from '../../scripts/checks/project.ts';

const oxlint = join(root, 'node_modules', '.bin', 'oxlint');
const Report = z.object({ diagnostics: z.array(z.object({ code: z.string(), filename: z.string() })) });

const unfinished = ['TO', 'DO'].join('');
const environment = ['eslint(no-restricted-properties)', 'eslint(no-restricted-imports)'];
const time = ['eslint(no-restricted-globals)', 'eslint(no-restricted-properties)'];

/** Where a rule of ours is broken, by what, and the rules of which one must say so. */
const BROKEN: Array<[path: string, text: string, rules: string[]]> = [
  ['api/a.ts', 'export const a = process.env.HOME;', environment],
  ['api/b.ts', "export const a = process['env'];", environment],
  ['api/c.ts', 'export const a = globalThis.process.env;', environment],
  ['api/d.ts', 'export const { env } = process;', environment],
  ['api/e.ts', "export { env } from 'node:process';", environment],
  ['domain/a.ts', 'export const a = process.env.HOME;', environment],
  ['workflows/waiting.ts', 'export const a = globalThis.process.env;', environment],
  ['domain/b.ts', 'export const at = () => Date.now();', time],
  ['domain/c.ts', 'export const at = () => new Date();', time],
  ['domain/d.ts', 'export const at = () => new Date;', time],
  ['domain/e.ts', 'export const at = () => Date();', time],
  ['domain/f.ts', 'export const at = () => globalThis.Date.now();', time],
  ['domain/g.ts', 'export const at = () => globalThis.performance.now();', time],
  ['domain/h.ts', 'export const at = () => performance.timeOrigin;', time],
  ['domain/time.ts', 'export const at = () => Date.now();', time],
  ['workflows/journey/travel.ts', 'export const at = () => Date.now();', time],
  ['domain/i.ts', 'export const dice = () => Math.random();', time],
  ['domain/j.ts', 'export const { random } = Math;', time],
  ['domain/k.ts', 'export const dice = () => globalThis.Math.random();', time],
  ['domain/l.ts', 'export const dice = () => crypto.randomUUID();', time],
  ['workflows/a.ts', 'export const dice = () => Math.random();', time],
  ['domain/time/b.ts', 'export const dice = () => globalThis.crypto.getRandomValues;', time],
  ['api/f.ts', `// ${unfinished} later\nexport {};`, ['eslint(no-warning-comments)']],
  ['scripts/f.mjs', `/** ${unfinished}: later */\nexport {};`, ['eslint(no-warning-comments)']],
  ['api/g.ts', "import './utils.ts';", ['eslint(no-restricted-imports)']],
  ['api/h.ts', "export * from '../api/helpers/strings.ts';", ['eslint(no-restricted-imports)']],
  ['tests/i.ts', "export { a } from '../api/people2.ts';", ['eslint(no-restricted-imports)']],
  ['domain/m.ts', "export { a } from './misc.ts';", ['eslint(no-restricted-imports)']],
];

const WHOLE: Array<[path: string, text: string]> = [
  ['processes/config.ts', 'export const a = process.env.HOME;'],
  ['prisma/migrate.ts', 'export const a = process.env.HOME;'],
  ['scripts/a.ts', "export const a = process.env['HOME'];"],
  ['domain/time.ts', 'export const at = (n: number) => new Date(n); // never Date.now()'],
  ['workflows/waiting.ts', 'export const now = () => Date.now();'],
  ['adapters/ids.ts', 'export const at = Date.now();\nexport const dice = Math.random();'],
  [
    'api/a.ts',
    "export { inspect } from 'node:util';\nexport { a } from './utilities.ts';\nexport { b } from './http2/wire.ts';",
  ],
];

/**
 * The rules of ours that oxlint says each file breaks, in one run over all of them. Other rules are not asked: the
 * files are too small to be good.
 */
function breachesOf(files: ReadonlyArray<readonly [path: string, text: string, ...unknown[]]>): Map<string, string[]> {
  const project = mkdtempSync(join(tmpdir(), 'lint-'));
  try {
    copyFileSync(join(root, '.oxlintrc.json'), join(project, '.oxlintrc.json'));
    for (const [path, text] of files) {
      mkdirSync(dirname(join(project, path)), { recursive: true });
      writeFileSync(join(project, path), text);
    }
    const { stdout } = spawnSync(oxlint, ['--format=json', '.'], { cwd: project, encoding: 'utf8' });
    const ours = Report.parse(JSON.parse(stdout)).diagnostics.filter(({ code }) =>
      /no-restricted|no-warning-comments/.test(code),
    );
    return new Map(
      files.map(([path]) => [path, ours.filter(({ filename }) => filename === path).map(({ code }) => code)]),
    );
  } finally {
    rmSync(project, { recursive: true });
  }
}

describe('the rules that oxlint keeps', () => {
  const broken = breachesOf(BROKEN);
  const whole = breachesOf(WHOLE);

  it.each(BROKEN)('%s: %s', (path, _text, rules) => {
    const found = broken.get(path) ?? [];
    expect(found.length).toBeGreaterThan(0);
    for (const rule of found) expect(rules).toContain(rule);
  });

  it.each(WHOLE)('leave in peace %s: %s', (path) => {
    expect(whole.get(path)).toEqual([]);
  });
});
