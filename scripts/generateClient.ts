/**
 * Makes the database client (adapters/postgres/generated) from prisma/schema.prisma. The client is not committed;
 * it is made anew whenever schema, generator settings or Prisma's version changed. Runnable: `npm run generate`.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Outcome, runCommand } from './checks/command.ts';
import { root } from './checks/folders.ts';

const SCHEMA = join(root, 'prisma/schema.prisma');
const CLIENT = join(root, 'adapters/postgres/generated');
const STAMP = join(CLIENT, 'made-from');

/** Makes the client unless it is already made from exactly this schema. */
export async function generateClient({ always = false } = {}): Promise<Outcome> {
  if (!existsSync(SCHEMA)) return { code: 1, output: 'prisma/schema.prisma is missing' };
  const wanted = fingerprint();
  if (!always && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return { code: 0, output: '' };
  // `generate` needs no schema engine, yet the command line looks for one and would download it: name any program.
  const outcome = await runCommand('prisma', ['generate', '--no-hints'], {
    env: { PRISMA_SCHEMA_ENGINE_BINARY: process.platform === 'darwin' ? '/usr/bin/true' : '/bin/true' },
  });
  if (outcome.code === 0) writeFileSync(STAMP, wanted);
  return outcome;
}

function fingerprint(): string {
  const hash = createHash('sha256');
  for (const file of ['prisma/schema.prisma', 'prisma.config.ts', 'node_modules/prisma/package.json']) {
    hash.update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { code, output } = await generateClient({ always: true });
  if (output !== '') console.log(output.trimEnd());
  process.exitCode = code;
}
