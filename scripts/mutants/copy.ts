import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A copy of the working tree in which mutants are made, so that the tree itself never changes. */
export type Copy = { folder: string; remove(): void };

/** What a clone has that git does not: packages, and the generated database client. */
const LINKED = ['node_modules', 'adapters/postgres/generated'];

const git = (root: string, ...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' });
const paths = (text: string): string[] => text.split('\0').filter((path) => path !== '');

const HOME = '.homeward/mutants';

/** Makes a copy of `root` as it stands, changes that are not committed included. */
export function makeCopy(root: string, job: number): Copy {
  const folder = join(root, HOME, `${process.pid}-${job}`);
  const remove = (): void => {
    rmSync(folder, { recursive: true, force: true });
    git(root, 'worktree', 'prune');
  };
  git(root, 'worktree', 'add', '--quiet', '--detach', folder, 'HEAD');
  for (const path of paths(git(root, 'diff', '--name-only', '--no-renames', '-z', 'HEAD'))) {
    if (existsSync(join(root, path))) cpSync(join(root, path), join(folder, path));
    else rmSync(join(folder, path), { force: true });
  }
  for (const path of paths(git(root, 'ls-files', '--others', '--exclude-standard', '-z'))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(root, path), join(folder, path));
  }
  for (const path of LINKED) if (existsSync(join(root, path))) symlinkSync(join(root, path), join(folder, path));
  return { folder, remove };
}

/** Removes the copies of runs that were killed without a chance to do it themselves. */
export function removeLeftovers(root: string): void {
  const folders = existsSync(join(root, HOME)) ? readdirSync(join(root, HOME)) : [];
  for (const name of folders.filter((each) => !isAlive(Number.parseInt(each, 10))))
    rmSync(join(root, HOME, name), { recursive: true, force: true });
  git(root, 'worktree', 'prune');
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Files that differ from the main branch, or are not committed. */
export function changedFiles(root: string): string[] {
  const base = git(root, 'merge-base', 'HEAD', 'main').trim();
  const changed = git(root, 'diff', '--name-only', '--diff-filter=d', '-z', base);
  return [...paths(changed), ...paths(git(root, 'ls-files', '--others', '--exclude-standard', '-z'))];
}

export const trackedFiles = (root: string): string[] =>
  paths(git(root, 'ls-files', '--cached', '--others', '--exclude-standard', '-z')).filter((path) =>
    existsSync(join(root, path)),
  );
