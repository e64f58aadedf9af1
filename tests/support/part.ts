import { endProcess, isRunning, lastLines, startPart, waitUntilGone } from '../../processes/parts/child.ts';

/** A process of the system that a test can stop, kill, freeze and start again. */
export type Part = {
  start(): Promise<void>;
  /** kill -9, and waits until it is gone. */
  kill(): Promise<void>;
  /** SIGSTOP: the process exists and its sockets are open, but it does nothing. */
  freeze(): void;
  thaw(): void;
  /** SIGTERM, then SIGKILL if the process does not end. */
  stop(): Promise<void>;
  running(): boolean;
  /** @throws Error where it does not run */
  pid(): number;
};

const READY_WITHIN_MS = 60_000;
const STOP: [NodeJS.Signals, number][] = [
  ['SIGTERM', 30_000],
  ['SIGKILL', 5_000],
];

/** @param launch starts it anew, waits until it is ready, and gives its number */
export function breakable(name: string, launch: () => Promise<number>): Part {
  let current: number | undefined;
  const pid = (): number => {
    if (current === undefined || !isRunning(current)) throw new Error(`${name} does not run`);
    return current;
  };
  return {
    async start() {
      current = await launch();
    },
    async kill() {
      const victim = pid();
      process.kill(victim, 'SIGKILL');
      if (!(await waitUntilGone(victim, 10_000))) throw new Error(`${name} outlived kill -9`);
    },
    freeze: () => process.kill(pid(), 'SIGSTOP'),
    thaw: () => process.kill(pid(), 'SIGCONT'),
    async stop() {
      if (current === undefined || !isRunning(current)) return;
      // A frozen process does not handle SIGTERM.
      process.kill(current, 'SIGCONT');
      await endProcess(current, STOP);
    },
    running: () => current !== undefined && isRunning(current),
    pid,
  };
}

/** Starts a process of ours on the pinned Node and waits for the line that says it is ready. */
export async function launchNode(options: {
  name: string;
  file: string;
  cwd: string;
  env: Record<string, string>;
  logFile: string;
}): Promise<number> {
  const { name, file, cwd, env, logFile } = options;
  let sayReady: () => void = () => undefined;
  const ready = new Promise<'ready'>((resolve) => {
    sayReady = () => resolve('ready');
  });
  const part = await startPart({
    command: process.execPath,
    args: [file],
    cwd,
    env,
    logFile,
    signalOnParentDeath: 'KILL',
    onLine: (line) => {
      if (/^ready\b/.test(line)) sayReady();
    },
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('did not become ready'), READY_WITHIN_MS);
  });
  const first = await Promise.race([ready, part.exited, late]);
  clearTimeout(timer);
  if (first === 'ready') return part.pid;
  await endProcess(part.pid, STOP);
  throw new Error(`${name} ${first}:\n${lastLines(logFile)}`);
}
