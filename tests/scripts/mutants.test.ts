import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it, onTestFinished } from 'vitest';
import { root } from '../../scripts/checks/project.ts';
import { BY_PLACE, testsOf } from '../../scripts/mutants/concerns.ts';
import { makeCopy, trackedFiles } from '../../scripts/mutants/copy.ts';
import { ALWAYS, sampleOf } from '../../scripts/mutants/sample.ts';
import { mutated, sitesOf } from '../../scripts/mutants/sites.ts';

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const sources = trackedFiles(root).filter((path) =>
  /^(?:domain|application|workflows|adapters\/postgres|prisma\/migrations)\/.*\.(?:ts|sql)$/.test(path),
);
const SITES = sources.flatMap((path) => sitesOf(path, read(path)));

describe('mutants are made by rule', () => {
  const GUARD = "export const go = defineCommand({ refusal: (s) => (s.a || s.b ? 'No' : undefined) });";
  it.each<[string, string, string, string[]]>([
    ['a flag of a table', 'domain/a.ts', 'const T = { x: { y: true } };', ['const T = { x: { y: false } };']],
    ['no flag of a function', 'domain/a.ts', 'const f = () => ({ y: true });', []],
    [
      'a role of a row',
      'domain/a.ts',
      "const T = { roles: ['admin', 'case_worker'] };",
      [
        "const T = { roles: ['case_worker'] };",
        "const T = { roles: ['admin'] };",
        "const T = { roles: ['admin', 'case_worker', 'auditor'] };",
      ],
    ],
    [
      'roles that are a constant',
      'domain/a.ts',
      'const T = { roles: LEADS };',
      ["const T = { roles: [...LEADS, 'auditor'] };"],
    ],
    [
      'a guard of a command, and its sides',
      'domain/a.ts',
      GUARD,
      [
        "export const go = defineCommand({ refusal: (s) => (s.b ? 'No' : undefined) });",
        "export const go = defineCommand({ refusal: (s) => (s.a ? 'No' : undefined) });",
        'export const go = defineCommand({ refusal: (s) => (undefined) });',
      ],
    ],
    ['a deadline', 'domain/a.ts', 'const T = { due: 2 * DAY };', ['const T = { due: (3 * 2 * DAY) };']],
    [
      'a recording that is not waited for',
      'workflows/aggregate/a.ts',
      'async function f() { await g(); }',
      ['async function f() { void g(); }'],
    ],
    [
      'what is carried',
      'workflows/aggregate/a.ts',
      'class A { carried() { return { state, waits }; } }',
      ['class A { carried() { return { state, waits: [] }; } }'],
    ],
    [
      'a condition and a lock',
      'adapters/postgres/a.ts',
      "db.selectFrom('a').where('id', '=', id).forUpdate();",
      ["db.selectFrom('a').forUpdate();", "db.selectFrom('a').where('id', '=', id);"],
    ],
    [
      'conditions and a lock of a text',
      'adapters/postgres/a.ts',
      'sql`select 1 from a\n where b\n and (c\n or d) for update`;',
      [
        'sql`select 1 from a\n where true\n and (c\n or d) for update`;',
        'sql`select 1 from a\n where b\n  for update`;',
        'sql`select 1 from a\n where b\n and (c\n ) for update`;',
        'sql`select 1 from a\n where b\n and (c\n or d) `;',
      ],
    ],
    [
      'a lock of a function in the database',
      'prisma/migrations/1/migration.sql',
      'create function f() returns void as $$\nperform pg_advisory_xact_lock(1);\n$$;\nselect 1\n where true;',
      ['create function f() returns void as $$\n\n$$;\nselect 1\n where true;'],
    ],
  ])('%s', (_what, path, text, expected) => {
    expect(sitesOf(path, text).map((site) => mutated(text, site))).toEqual(expected);
  });

  it('each under an id of its own, and each is a program', () => {
    expect(SITES.length).toBeGreaterThan(800);
    expect(new Set(SITES.map(({ id }) => id)).size).toBe(SITES.length);
    const broken = SITES.filter(({ file }) => file.endsWith('.ts')).filter((site) => {
      const { diagnostics = [] } = ts.transpileModule(mutated(read(site.file), site), {
        reportDiagnostics: true,
        compilerOptions: { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext },
      });
      return diagnostics.length > 0;
    });
    expect(broken.map(({ id }) => id)).toEqual([]);
  });
});

describe('a sample', () => {
  it('is the same for the same seed, another for another, and has what once survived', () => {
    const one = sampleOf(SITES, 150, 7);
    expect(sampleOf(SITES, 150, 7)).toEqual(one);
    expect(sampleOf(SITES, 150, 8)).not.toEqual(one);
    expect(new Set(one.map(({ id }) => id)).size).toBe(150);
    for (const start of ALWAYS)
      expect(
        one.some(({ id }) => id.startsWith(start)),
        start,
      ).toBe(true);
  });

  it('explains only mutants that there are', () => {
    const explained = Object.keys(JSON.parse(read('scripts/mutants/explained.json')) as object);
    expect(explained.filter((id) => !SITES.some((site) => site.id === id))).toEqual([]);
  });
});

describe('the tests of a mutant', () => {
  it('are there for every file, and no row of the table is without a test', () => {
    const tests = testsOf(root);
    const files = [...new Set(SITES.map(({ file }) => file))];
    expect(files.filter((file) => tests(file).files.length === 0)).toEqual([]);
    const all = trackedFiles(root).filter((path) => path.endsWith('.test.ts'));
    for (const [place, of] of BY_PLACE) {
      expect(
        all.some((path) => of.test(path)),
        `${of}`,
      ).toBe(true);
      expect(
        sources.some((path) => place.test(path)),
        `${place}`,
      ).toBe(true);
    }
  });

  it('begin with those that import the file themselves', () => {
    const [first] = testsOf(root)('domain/preconditions.ts').files;
    expect(read(first ?? '')).toContain('domain/preconditions.ts');
  });
});

describe('a copy', () => {
  it('holds what is not committed, and leaves nothing when it is removed', () => {
    const folder = mkdtempSync(join(tmpdir(), 'homeward-copy-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, encoding: 'utf8' });
    git('init', '--quiet', '--initial-branch=main');
    writeFileSync(join(folder, '.gitignore'), '.homeward/\nnode_modules\n');
    for (const name of ['kept', 'changed', 'gone']) writeFileSync(join(folder, name), 'before');
    git('add', '.');
    git('-c', 'user.name=a', '-c', 'user.email=a@example.org', 'commit', '--quiet', '--message=a');
    mkdirSync(join(folder, 'node_modules'));
    mkdirSync(join(folder, 'new'));
    for (const name of ['changed', 'new/file']) writeFileSync(join(folder, name), 'after');
    rmSync(join(folder, 'gone'));

    const copy = makeCopy(folder, 0);
    const inCopy = (name: string) => readFileSync(join(copy.folder, name), 'utf8');
    expect([inCopy('kept'), inCopy('changed'), inCopy('new/file')]).toEqual(['before', 'after', 'after']);
    expect([existsSync(join(copy.folder, 'gone')), existsSync(join(copy.folder, 'node_modules'))]).toEqual([
      false,
      true,
    ]);
    copy.remove();
    expect(readdirSync(join(folder, '.homeward/mutants'))).toEqual([]);
    expect(git('worktree', 'list').trim().split('\n')).toHaveLength(1);
  });

  it('is gone when the run is ended by a signal', async () => {
    const home = join(root, '.homeward/mutants');
    const only = 'domain/preconditions.ts#PRECONDITIONS.identity.pay';
    const run = spawn(process.execPath, ['scripts/mutants/run.ts', '--all', `--only=${only}`, '--seed=1'], {
      cwd: root,
    });
    const mine = () => (existsSync(home) ? readdirSync(home).filter((name) => name.startsWith(`${run.pid}-`)) : []);
    await expect.poll(mine, { timeout: 60_000 }).toHaveLength(1);
    const ended = new Promise((resolve) => run.on('close', resolve));
    run.kill('SIGTERM');
    expect(await ended).toBe(130);
    expect(mine()).toEqual([]);
  });
});
