import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identityOf } from '../parts/child.ts';

/**
 * Takes the data folder for this process: two on one folder would end each other's parts.
 * @returns what gives it back. @throws Error with a sentence that names who has it.
 */
export function takeFolder(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = join(dataDir, 'local.pid');
  const us = identityOf(process.pid);
  for (;;) {
    try {
      writeFileSync(file, us, { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      const holder = readFileSync(file, 'utf8');
      const pid = Number(holder.split(' ')[0]);
      if (Number.isInteger(pid) && holder !== '' && identityOf(pid) === holder) {
        throw new Error(
          `Homeward already runs on ${dataDir} (process ${pid}): use that one, stop it with Ctrl-C or "kill ${pid}", or give another folder in HOMEWARD_DATA.`,
          { cause: error },
        );
      }
      rmSync(file, { force: true });
    }
  }
}
