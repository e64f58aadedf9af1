// `npm start`, `npm test` and others: installs what is missing, then runs the named file of ours on the pinned Node.
// Plain JavaScript that Node 20 runs, without packages: it is what installs them.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const onWindows = process.platform === 'win32';
const OLDEST_NODE = [20, 3];
const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const LAST_LINES_SHOWN = 25;

/** The Node that everything but these first scripts runs on, pinned in package.json. */
const pinnedNode = join(root, 'node_modules', 'node', 'bin', onWindows ? 'node.exe' : 'node');

/** Says what is wrong and what to do, and ends. */
function refuse(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

/**
 * Installs the packages of package-lock.json where they are missing or older than it, with a line of progress.
 * Ends the process with one sentence where Node, npm or a download is at fault.
 */
async function ensureInstalled() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    refuse(
      `Homeward needs Node ${OLDEST_NODE.join('.')} or later and this is ${process.versions.node}: install a newer Node (https://nodejs.org) and run the command again.`,
    );
  }
  if (existsSync(pinnedNode) && isInstalled()) return;

  const npm = npmCommand();
  if (!npm) {
    refuse(
      'Homeward installs its packages with npm and npm does not answer: install npm (it comes with Node from https://nodejs.org) and run the command again.',
    );
  }
  const began = Date.now();
  const progress = startProgress('Installing packages (once; one to two minutes on a fresh machine)');
  const { code, lines } = await run(npm, ['ci', '--loglevel=error']);
  progress.stop();
  if (code !== 0) {
    process.stderr.write(`${lines.slice(-LAST_LINES_SHOWN).join('\n')}\n`);
    refuse(installAdvice(lines.join('\n')));
  }
  if (!existsSync(pinnedNode)) {
    refuse(
      'The packages are installed but the pinned Node is not among them, since install scripts did not run: remove ignore-scripts from your npm settings (npm config delete ignore-scripts) and run the command again.',
    );
  }
  makeDatabaseClient();
  process.stdout.write(`Packages installed in ${seconds(began)} s.\n`);
}

/** It follows from the packages and the schema alone, so it is made with them. Where that fails the first start makes it, and says why. */
function makeDatabaseClient() {
  spawnSync(pinnedNode, [join(root, 'prisma', 'generate.ts')], { cwd: root, stdio: 'ignore' });
}

/**
 * True when node_modules holds what package-lock.json asks for, by npm's own record of what it installed last, which
 * it writes when it is done. Optional packages (other platforms) may be missing.
 */
function isInstalled() {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  return Object.entries(wanted).every(([path, { version, integrity, optional, devOptional }]) => {
    if (path === '') return true;
    const there = installed[path];
    if (there === undefined) return Boolean(optional || devOptional);
    return there.version === version && there.integrity === integrity;
  });
}

/**
 * npm as the machine has it, away from our own node_modules/.bin: `npm ci` begins by deleting that folder, and an
 * npm on the pinned Node would lose the Node under its feet. Where there is none on the PATH, the one that runs us.
 */
function npmCommand() {
  const separator = onWindows ? ';' : ':';
  const ownFolder = join(root, 'node_modules');
  const path = (process.env['PATH'] ?? '')
    .split(separator)
    .filter((entry) => !entry.startsWith(ownFolder))
    .join(separator);
  const env = { ...process.env, PATH: path };
  const onPath = { command: onWindows ? 'npm.cmd' : 'npm', args: [], shell: onWindows, env };
  const running = { command: process.execPath, args: [process.env['npm_execpath'] ?? ''], shell: false, env };
  return [onPath, ...(process.env['npm_execpath'] ? [running] : [])].find(
    ({ command, args, shell }) =>
      spawnSync(command, [...args, '--version'], { stdio: 'ignore', shell, env }).status === 0,
  );
}

function installAdvice(output) {
  if (/ENOSPC/.test(output)) return 'The disk is full: free about 2 GB and run the command again.';
  if (/EACCES|EPERM|EROFS/.test(output)) {
    return `npm may not write here: give yourself the right to write to ${root} (and to your npm cache) and run the command again.`;
  }
  if (/ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|E40[134]|network/i.test(output)) {
    return 'npm could not download the packages: check the connection, proxy and registry (npm config get registry; npm ping) and run the command again, it goes on where it stopped.';
  }
  return 'npm could not install the packages; its own words are above. Run the command again once that is corrected.';
}

function run(npm, args) {
  return new Promise((resolve) => {
    const child = spawn(npm.command, [...npm.args, ...args], {
      cwd: root,
      shell: npm.shell,
      env: npm.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const lines = [];
    const keep = (chunk) =>
      lines.push(
        ...String(chunk)
          .split('\n')
          .filter((line) => line.trim() !== ''),
      );
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => resolve({ code: 1, lines: [...lines, error.message] }));
    child.on('close', (code) => resolve({ code: code ?? 1, lines }));
    const passOn = (signal) => {
      child.kill(signal);
      child.once('close', () => process.exit(130));
    };
    for (const signal of ENDING_SIGNALS) process.once(signal, passOn);
    child.on('close', () => {
      for (const signal of ENDING_SIGNALS) process.removeListener(signal, passOn);
    });
  });
}

function startProgress(what) {
  const began = Date.now();
  process.stdout.write(`${what} …\n`);
  const timer = setInterval(() => process.stdout.write(`  still installing, ${seconds(began)} s\n`), 10_000);
  return { stop: () => clearInterval(timer) };
}

function seconds(began) {
  return Math.round((Date.now() - began) / 1000);
}

/**
 * Runs a TypeScript file of ours on the pinned Node, hands signals on, and ends as it ends. A terminal's Ctrl-C
 * reaches the child a second time by itself, so it must take a repeated signal as one.
 */
function runPinned(file, args) {
  const path = `${join(root, 'node_modules', '.bin')}${onWindows ? ';' : ':'}${process.env['PATH'] ?? ''}`;
  const child = spawn(pinnedNode, [join(root, file), ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATH: path },
  });
  for (const signal of ENDING_SIGNALS) process.on(signal, () => child.kill(signal));
  endWithNpm(child);
  child.on('error', (error) => {
    refuse(`The pinned Node could not be started (${error.message}): remove node_modules and run the command again.`);
  });
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
}

/**
 * `kill` on npm ends npm and the shell between us, and neither hands the signal on. Under npm an orphan has therefore
 * been told to end; started without npm it may well have been left running on purpose.
 */
function endWithNpm(child) {
  if (!process.env['npm_lifecycle_event']) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    child.kill('SIGTERM');
  }, 500);
  watch.unref();
}

const [file, ...args] = process.argv.slice(2);
await ensureInstalled();
runPinned(file, args);
