import { readdirSync, readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';

/** Linux counts in these; every kernel of the last twenty years says 100. */
const TICKS_PER_SECOND = 100;

type Moment = { busy: number; steal: number; all: number; own: number; load: number };

/**
 * What the machine was doing while something was measured: a figure measured under another load is not valid.
 * @returns a function that describes it in one line; empty where the system does not say
 */
export function watchMachine(): () => string {
  const before = readMachine();
  return () => {
    const after = readMachine();
    if (!before || !after) return '';
    const all = after.all - before.all;
    const cores = cpus().length;
    const inCores = (ticks: number): string => ((ticks / Math.max(all, 1)) * cores).toFixed(2);
    const own = Math.min(after.own - before.own, after.busy - before.busy);
    return [
      `machine: ${cores} cores for ${(all / cores / TICKS_PER_SECOND).toFixed(0)} s`,
      `load ${before.load.toFixed(2)} before, ${after.load.toFixed(2)} after`,
      `the bench used ${inCores(own)} cores, others ${inCores(after.busy - before.busy - own)}`,
      `steal ${((100 * (after.steal - before.steal)) / Math.max(all, 1)).toFixed(1)} %`,
    ].join(' · ');
  };
}

function readMachine(): Moment | undefined {
  try {
    const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, hard = 0, soft = 0, steal = 0] = readFileSync(
      '/proc/stat',
      'utf8',
    )
      .split('\n', 1)
      .join()
      .trim()
      .split(/\s+/)
      .slice(1)
      .map(Number);
    const busy = user + nice + system + hard + soft;
    return { busy, steal, all: busy + idle + wait + steal, own: ownTicks(), load: loadavg()[0] ?? 0 };
  } catch {
    return undefined;
  }
}

type Process = { pid: number; parent: number; ticks: number };

/** Of this process and everything that it started, with those that have ended since. */
function ownTicks(): number {
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processOf(Number(name)) ?? []);
  const ours = new Set([process.pid]);
  // Children have their parents before them often enough, but a number may be used again: until nothing is added.
  for (let size = 0; size < ours.size; ) {
    size = ours.size;
    for (const { pid, parent } of processes) if (ours.has(parent)) ours.add(pid);
  }
  return processes.filter(({ pid }) => ours.has(pid)).reduce((sum, { ticks }) => sum + ticks, 0);
}

function processOf(pid: number): Process | undefined {
  try {
    // Behind the name in brackets: state, parent …, and from the 12th on user and system time, own and of ended children.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
      .map(Number);
    const ticks = fields.slice(11, 15).reduce((sum, value) => sum + value, 0);
    return { pid, parent: fields[1] ?? 0, ticks };
  } catch {
    return undefined;
  }
}

/** Resident memory of a process in bytes. @throws Error where the system does not say */
export function residentBytes(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (!line?.[1]) throw new Error(`The memory of process ${pid} is not known`);
  return Number(line[1]) * 1024;
}

/** The command line of a process, for the settings of a server as they really were. */
export function flagsOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
}
