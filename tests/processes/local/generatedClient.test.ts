import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');

/** What loads when a file loads: the files of ours that it imports, at any depth. Imports of types alone are erased. */
function loadedWith(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  if (file.includes('/generated/')) return seen;
  for (const [, isType, from] of readFileSync(file, 'utf8').matchAll(
    /^(?:import|export)( type)? [^;]*?from '(\.[^']+)';$/gms,
  ))
    if (isType === undefined && from !== undefined) loadedWith(join(dirname(file), from), seen);
  return seen;
}

it('npm start begins without the generated client, which it makes', () => {
  const loaded = [...loadedWith(join(root, 'processes/local.ts'))].map((file) => relative(root, file));
  expect(loaded).toContain('adapters/postgres/database.ts');
  expect(loaded.filter((file) => file.startsWith('adapters/postgres/generated/'))).toEqual([]);
  // The walk finds the client where it is loaded.
  expect([...loadedWith(join(root, 'processes/api.ts'))].map((file) => relative(root, file))).toContain(
    'adapters/postgres/generated/client.ts',
  );
});
