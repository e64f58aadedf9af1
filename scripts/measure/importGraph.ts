/** Counts the imports between the top-level folders, and draws them. */
import { z } from 'zod';
import { runCommand } from '../checks/project.ts';

/** Imports of files of one folder by files of another; `types` of them are of types alone. */
export type FolderImports = { from: string; to: string; imports: number; types: number };

const cruised = z.object({
  modules: z.array(
    z.object({
      source: z.string(),
      dependencies: z.array(z.object({ resolved: z.string(), dependencyTypes: z.array(z.string()) })),
    }),
  ),
});
type Cruised = z.infer<typeof cruised>;

/** The imports between `folders`, by dependency-cruiser. */
export async function readImports(folders: readonly string[]): Promise<FolderImports[]> {
  const { code, output } = await runCommand('depcruise', [
    '--config',
    '.dependency-cruiser.cjs',
    '--output-type',
    'json',
    ...folders,
  ]);
  if (code !== 0) throw new Error(`dependency-cruiser failed: ${output}`);
  return folderImports(cruised.parse(JSON.parse(output)), folders);
}

export function folderImports({ modules }: Cruised, folders: readonly string[]): FolderImports[] {
  const found = new Map<string, FolderImports>();
  for (const { source, dependencies } of modules) {
    for (const { resolved, dependencyTypes } of dependencies) {
      const [from = '', to = ''] = [source, resolved].map((path) => path.split('/')[0]);
      if (from === to || !folders.includes(from) || !folders.includes(to)) continue;
      const key = `${from} ${to}`;
      const counted = found.get(key) ?? { from, to, imports: 0, types: 0 };
      counted.imports += 1;
      if (dependencyTypes.includes('type-only')) counted.types += 1;
      found.set(key, counted);
    }
  }
  return [...found.values()].sort((a, b) => (`${a.from} ${a.to}` < `${b.from} ${b.to}` ? -1 : 1));
}

/** A Mermaid picture. A dotted arrow: every import is of types alone. */
export function drawImports(imports: readonly FolderImports[]): string {
  const arrows = imports.map(({ from, to, imports: all, types }) => {
    const label = types === 0 || types === all ? `${all}` : `${all}, types ${types}`;
    return `  ${from} ${types === all ? '-.->' : '-->'}|${label}| ${to}`;
  });
  return ['flowchart TD', ...arrows].join('\n');
}
