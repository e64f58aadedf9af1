import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Outcome {
  code: number;
  /** Standard output and error as they came, together. */
  output: string;
}

/**
 * Runs one of the project's tools to its end, from the project's folder, with the pinned Node and our own
 * node_modules/.bin first on the PATH. `live` shows the output as it comes. Never throws: a tool that cannot be
 * started is an outcome with code 127.
 */
export function runCommand(
  command: string,
  args: string[],
  { live = false, env = {} }: { live?: boolean; env?: Record<string, string> } = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', live ? 'inherit' : 'pipe', live ? 'inherit' : 'pipe'],
      env: { ...process.env, ...env, PATH: `${join(root, 'node_modules/.bin')}${delimiter}${process.env.PATH ?? ''}` },
    });
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.on('error', (error) => resolve({ code: 127, output: `${command} cannot be started: ${error.message}` }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

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
