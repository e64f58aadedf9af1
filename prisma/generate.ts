/**
 * Makes the database client (adapters/postgres/generated) from prisma/schema.prisma. The client is not committed; it is
 * made anew whenever schema, settings or Prisma's version changed. Runnable: `npm run generate`.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const INGREDIENTS = [
  'prisma/schema.prisma',
  'prisma.config.ts',
  'node_modules/prisma/package.json',
  'node_modules/prisma-kysely/package.json',
];
const CLIENT = join(root, 'adapters/postgres/generated');
const STAMP = join(CLIENT, 'made-from');

/** Makes the client unless it is already made from exactly this schema. @throws Error with Prisma's own words. */
export async function generateClient({ always = false } = {}): Promise<{ made: boolean }> {
  const wanted = fingerprint();
  if (!always && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return { made: false };
  await new Promise<void>((resolve, reject) => {
    execFile(
      process.execPath,
      [join(root, 'node_modules/prisma/build/index.js'), 'generate', '--no-hints'],
      {
        cwd: root,
        // `generate` needs no schema engine, yet the command line looks for one and would download it: any program does.
        env: {
          // The second generator is a program of its own, and runs on this Node.
          PATH: [join(root, 'node_modules/.bin'), process.env['PATH'] ?? ''].join(delimiter),
          HOME: process.env['HOME'],
          CHECKPOINT_DISABLE: '1',
          PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
        },
      },
      (error, stdout, stderr) => {
        if (error === null) resolve();
        else
          reject(
            new Error(`The database client could not be made from prisma/schema.prisma:\n${stdout}${stderr}`.trimEnd()),
          );
      },
    );
  });
  writeFileSync(STAMP, wanted);
  return { made: true };
}

function fingerprint(): string {
  const hash = createHash('sha256');
  for (const file of INGREDIENTS) hash.update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await generateClient({ always: true });
  process.stdout.write('The database client is made.\n');
}
