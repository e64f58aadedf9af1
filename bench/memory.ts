/**
 * B3: how much memory of the worker a waiting journey uses.
 *
 * Ours: real journeys in a real worker process, played until consulate, clinic and exit authority have been asked and are
 * waited for with their deadlines: the state in which a journey spends weeks, with five waits and timers, its rules and
 * its memory of what was seen. Peer: the least that can wait, a workflow with one signal handler, in a worker process
 * with the same options. Both workers are fresh; resident memory is read at several counts, each time after it has come
 * to rest, and the slope of the line through the readings is what one more costs: what a worker takes without any does
 * not count. No garbage is collected for the reading: what a process holds is what a machine must have.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { holdStarts, openAbroad, registerAbroad } from './abroad.ts';
import { type Bench, median, type Side } from './bench.ts';
import { openInstantPartner } from './instantPartner.ts';
import { closedLoop } from './load.ts';
import { residentBytes } from './machine.ts';
import { PEER_QUEUE } from './peer/messages.ts';
import { playToTheWait } from './played.ts';
import { realJourney, STANDING_OF_JOURNEYS } from './realJourney.ts';
import { type BenchProcess, type BenchSystem, openBenchSystem, PROCESS } from './system.ts';
import { startWatch } from './watch.ts';

/** Counts at which memory is read; all of them fit the cache of a worker. */
const COUNTS = [400, 800, 1_200, 1_600];
const AT_ONCE = 48;
const GIGABYTE = 1_000_000_000;
const ONE_FRAME = { BENCH_ONE_FRAME: 'yes' };

export const memory: Bench = {
  id: 'B3',
  title: 'memory of a waiting journey against a workflow that waits for one signal',
  rows: [
    {
      id: 'B3',
      says: `kB of the worker's memory for each that waits, slope from ${COUNTS[0]} to ${COUNTS.at(-1)}; peer: one signal`,
      unit: 'kB',
      limit: { of: 'ratio', atMost: 1.5 },
    },
    {
      id: 'B3.one-frame',
      says: 'as B3, the peer without the record that the SDK keeps of promises (workflows/stackTraces.ts)',
      unit: 'kB',
    },
    { id: 'B3.per-gb', says: 'that fit a GB', unit: 'waiting', limit: { of: 'ours', atLeast: 2_000 } },
  ],
  async prepare(say) {
    const system = await openBenchSystem(say);
    const partner = await openInstantPartner();
    const close = async (): Promise<void> => {
      await system.close();
      await partner.stop();
    };
    try {
      await system.start(PROCESS.api);
      await holdStarts(system);
      return {
        flags: system.flags,
        async ours(): Promise<Side> {
          const worker = await system.start(PROCESS.worker);
          const abroad = await openAbroad(system, partner.url);
          const watch = startWatch(system.pool, STANDING_OF_JOURNEYS);
          try {
            const kilobytes = slopeOf(
              await readings(worker, async (count) => {
                const inputs = await registerAbroad(system, abroad, count);
                await closedLoop(inputs, AT_ONCE, (input) =>
                  playToTheWait(realJourney(system.temporal, abroad, input, watch)),
                );
              }),
            );
            return { ...rows(kilobytes), 'B3.one-frame': kilobytes };
          } finally {
            await watch.stop();
            await worker.stop();
          }
        },
        async peer(): Promise<Side> {
          return { ...rows(await slopeOfPeer(system)), 'B3.one-frame': await slopeOfPeer(system, ONE_FRAME) };
        },
        close,
      };
    } catch (error) {
      await close();
      throw error;
    }
  },
};

const rows = (kilobytes: number): Side => ({ B3: kilobytes, 'B3.per-gb': GIGABYTE / 1_000 / kilobytes });

async function slopeOfPeer(system: BenchSystem, environment: Record<string, string> = {}): Promise<number> {
  const worker = await system.start('bench/peer/worker.ts', environment);
  try {
    return slopeOf(await readings(worker, (count) => startWaiting(system, count)));
  } finally {
    await worker.stop();
  }
}

async function startWaiting({ temporal }: BenchSystem, count: number): Promise<void> {
  const handles: string[] = [];
  await closedLoop(
    Array.from({ length: count }, () => `waiting-${randomUUID()}`),
    AT_ONCE,
    async (workflowId) => {
      await temporal.workflow.start('waiting', { workflowId, taskQueue: PEER_QUEUE, args: [] });
      handles.push(workflowId);
    },
  );
  // Cached is what has run: each one's first task is done.
  await closedLoop(handles, AT_ONCE, async (workflowId) => {
    while ((await temporal.workflow.getHandle(workflowId).describe()).historyLength < 4) await pause(50);
  });
}

type Reading = { count: number; bytes: number };

async function readings(worker: BenchProcess, add: (count: number) => Promise<void>): Promise<Reading[]> {
  const found: Reading[] = [];
  let count = 0;
  for (const next of COUNTS) {
    await add(next - count);
    count = next;
    found.push({ count, bytes: await atRest(worker.pid) });
  }
  return found;
}

/** Memory once the work is over: the median of ten samples. */
async function atRest(pid: number): Promise<number> {
  await pause(4_000);
  const samples: number[] = [];
  for (let sample = 0; sample < 10; sample += 1) {
    samples.push(residentBytes(pid));
    await pause(200);
  }
  return median(samples);
}

/** The slope of the line that lies nearest to the readings (least squares), in kB. */
function slopeOf(found: readonly Reading[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const x = mean(found.map(({ count }) => count));
  const y = mean(found.map(({ bytes }) => bytes));
  return (
    found.reduce((sum, { count, bytes }) => sum + (count - x) * (bytes - y), 0) /
    found.reduce((sum, { count }) => sum + (count - x) ** 2, 0) /
    1_000
  );
}
