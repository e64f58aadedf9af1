import { describe, expect, it } from 'vitest';
import { root } from '../../scripts/checks/project.ts';
import { locateIn } from '../../scripts/measure/coverage.ts';
import { drawImports, folderImports } from '../../scripts/measure/importGraph.ts';
import { codeLines, isProduct, plpgsqlFunctions, readMigrations } from '../../scripts/measure/lines.ts';
import { missingShapes, readShapes } from '../../scripts/measure/shapes.ts';
import { MIGRATIONS } from '../../scripts/measure/specifics.ts';
import { testDatabase } from '../support/database.ts';

describe('lines of code', () => {
  it.each([
    ['a.ts', "/** What it is. */\nexport const a = 1; // one\n\n// two\nconst url = 'http://x';\n", 2],
    ['a.ts', 'const sql = `select 1\n\n -- all\n // code`;\n', 3],
    ['a.ts', '/* a\n   b */ const a = 1;\nconst b = /\\/\\//;\n/**\n * c\n */\nfunction f() {}\n', 3],
    ['a.sql', "-- first\nselect '--', '/*' -- why\n/* two\nlines */ from t;\n\n", 2],
    ['a.prisma', '/// A table.\nmodel A {\n  id Int // key\n\n}\n', 3],
  ])('%s: %j', (path, text, count) => {
    expect(codeLines(path, text)).toBe(count);
  });

  it('are of the product in every folder but those named', () => {
    expect(['domain/a.ts', 'new_folder/a.ts'].every(isProduct)).toBe(true);
    expect(
      ['tests/a.ts', 'sandbox/a.ts', '.homeward/a.js', 'adapters/postgres/generated/a.ts', 'a.ts'].some(isProduct),
    ).toBe(false);
  });
});

describe('plpgsql functions', () => {
  const body = (lines: string) => `as $$\n${lines}\n$$`;

  it('count once, by their last definition, without comments', () => {
    const functions = plpgsqlFunctions(
      [
        `create function a() returns void language plpgsql ${body('begin\n  x;\n  y;\nend')};
         create function gone(n numeric(3, 1)) returns void ${body('begin end')} language plpgsql;
         create function plain() returns text language sql ${body('select 1')};`,
        `-- create function never() returns void language plpgsql as $$ $$;
         create or replace function a() returns void language plpgsql ${body("begin\n\n  -- why\n  if t = 'born' then z('other'); end if;\nend")};
         drop function gone;`,
      ],
      ['born'],
    );
    expect(functions).toEqual([{ name: 'a', lines: 3, events: ['born'] }]);
  });

  it('are those that the migrated database has', async () => {
    const database = await testDatabase();
    const { rows } = await database.pool.query<{ proname: string }>(
      `select p.proname from pg_proc p join pg_language l on l.oid = p.prolang
        where l.lanname = 'plpgsql' and p.pronamespace = 'public'::regnamespace order by p.proname collate "C"`,
    );
    await database.drop();
    const read = plpgsqlFunctions(readMigrations(`${root}/${MIGRATIONS}`));
    expect(read.map(({ name }) => name)).toEqual(rows.map(({ proname }) => proname));
  });
});

describe('the file of a function', () => {
  // Line 1 comes from /p/a.ts, line 2 from no file, line 3 from /p/b.ts.
  const map = { version: 3, sources: ['/p/a.ts', '/p/b.ts'], names: [], mappings: 'AAAA;;ACAA' };
  const text = `function a() {}\nfunction frame() {}\nfunction b() {}\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}`;
  const locate = locateIn('/p', () => text);
  const inBundle = (name: string) => locate({ url: 'file:///p/bundle.js', offset: text.indexOf(`function ${name}`) });

  it('is found through the source map of a bundle', () => {
    expect(inBundle('a')).toBe('a.ts');
    expect(inBundle('b')).toBe('b.ts');
  });

  it('is none where the bundler wrote the line itself', () => {
    expect(inBundle('frame')).toBeUndefined();
  });

  it('is the script itself below the project, and none outside of it', () => {
    expect(locate({ url: 'file:///p/api/app.ts', offset: 5 })).toBe('api/app.ts');
    expect(locate({ url: 'file:///p/node_modules/x/x.ts', offset: 5 })).toBeUndefined();
    expect(locate({ url: 'file:///other/a.ts', offset: 5 })).toBeUndefined();
    expect(locate({ url: 'node:fs', offset: 5 })).toBeUndefined();
  });
});

it('imports are counted from folder to folder, types told apart', () => {
  const dependency = (resolved: string, ...dependencyTypes: string[]) => ({ resolved, dependencyTypes });
  const imports = folderImports(
    {
      modules: [
        { source: 'api/a.ts', dependencies: [dependency('domain/x.ts', 'local'), dependency('api/b.ts', 'local')] },
        { source: 'api/b.ts', dependencies: [dependency('domain/x.ts', 'local', 'type-only')] },
        { source: 'domain/x.ts', dependencies: [dependency('prisma/y.ts', 'local', 'type-only')] },
        { source: 'domain/z.ts', dependencies: [dependency('node_modules/pg/index.js', 'npm')] },
      ],
    },
    ['api', 'domain', 'prisma'],
  );
  expect(drawImports(imports)).toBe('flowchart TD\n  api -->|2, types 1| domain\n  domain -.->|1| prisma');
});

it('every shape that docs/measures.md names stands in its file', () => {
  const shapes = readShapes(root);
  expect([...new Set(shapes.map(({ thing }) => thing))]).toEqual(['person', 'decision', 'answer', 'row']);
  expect(missingShapes(root, shapes)).toEqual([]);
  expect(missingShapes(root, [{ thing: 'person', type: 'Nobody', file: 'domain/record.ts' }])).toHaveLength(1);
  expect(missingShapes(root, [{ thing: 'person', type: 'Cells', file: 'domain/nowhere.ts' }])).toHaveLength(1);
});
