import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const FOLDERS = [
  'domain',
  'application',
  'workflows',
  'activities',
  'adapters',
  'api',
  'console',
  'client',
  'sandbox',
  'processes',
  'prisma',
  'cli',
  'bench',
  'scripts',
  'tests',
];

/** The folders that exist, relative to the project's folder. Tools get them by name, so none walks node_modules. */
export function projectFolders(): string[] {
  return FOLDERS.filter((folder) => existsSync(join(root, folder)));
}
