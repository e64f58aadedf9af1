/**
 * B7: what it costs to replay histories, which is what a worker does with every journey that is not in its memory.
 *
 * Ours: the production bundle replays (a) the longest history that a journey is allowed, played on the real server with
 * the real worker until it continued as new by itself, and (b) all histories recorded for the replay test.
 * Peer: for each of these histories one of a workflow with nothing in it (peer/play.ts), run on the same server by a
 * worker with empty activities, with exactly as many events and workflow tasks, woken by the same kinds of arrivals.
 * Both by `Worker.runReplayHistories` in one call, bundle ready, the making of the replay worker included on both sides.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { historyFromJSON, historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { bundleWorkflowCode, Worker, type WorkflowBundleOption } from '@temporalio/worker';
import { workflowBundle } from '../processes/worker/bundle.ts';
import { workflowId } from '../workflows/messages.ts';
import { holdStarts, openAbroad, registerAbroad } from './abroad.ts';
import type { Bench, Side } from './bench.ts';
import { quietEngine } from './engine.ts';
import { openInstantPartner } from './instantPartner.ts';
import { until } from './load.ts';
import { longestRun } from './longestJourney.ts';
import { ONE_FRAME_PEER_WORKFLOWS, PEER_WORKFLOWS } from './peer/bundle.ts';
import { PEER_QUEUE, playMessages } from './peer/messages.ts';
import { closed, eventsBefore, planFor, type RecordedEvent, sizeOf } from './playPlan.ts';
import { STANDING_OF_JOURNEYS } from './realJourney.ts';
import { type BenchSystem, openBenchSystem, PROCESS } from './system.ts';
import { startWatch } from './watch.ts';

const RECORDED = new URL('../tests/replay/histories/', import.meta.url);
/** Short histories are replayed so often in one call, for a time that can be measured. */
const TIMES = 5;

type History = { workflowId: string; history: { events: RecordedEvent[] } };

export const replay: Bench = {
  id: 'B7',
  title: 'replay against histories of equal size with nothing in them',
  rows: [
    {
      id: 'B7',
      says: 'ms for the longest history allowed; peer: equal events and workflow tasks',
      unit: 'ms',
      limit: { of: 'ratio', atMost: 1.3 },
    },
    {
      id: 'B7.recorded',
      says: `ms for all recorded histories, ${TIMES} times in one call; peer: one of equal size for each`,
      unit: 'ms',
      limit: { of: 'ratio', atMost: 1.3 },
    },
    {
      id: 'B7.one-frame',
      says: 'as B7, the peer without the record that the SDK keeps of promises (workflows/stackTraces.ts)',
      unit: 'ms',
    },
    { id: 'B7.pace', says: 'events a second of the longest', unit: 'events/s' },
  ],
  async prepare(say) {
    quietEngine();
    const system = await openBenchSystem(say);
    const partner = await openInstantPartner();
    try {
      const longest = await recordLongest(system, partner.url);
      const recorded = readdirSync(RECORDED)
        .filter((name) => name.endsWith('.json'))
        .map((name) => closedHistory(JSON.parse(readFileSync(new URL(name, RECORDED), 'utf8'))));
      const { events, tasks } = sizeOf(longest.history.events);
      say(`the longest history: ${events} events, ${tasks} workflow tasks`);
      const worker = await system.start('bench/peer/worker.ts');
      const emptyLongest = await recordEmpty(system.temporal, longest);
      const emptyRecorded: History[] = [];
      for (const history of recorded) emptyRecorded.push(await recordEmpty(system.temporal, history));
      await worker.stop();
      const ourBundle = await workflowBundle(join(system.folder, 'bundles'));
      const peerBundle = await bundleWorkflowCode(PEER_WORKFLOWS);
      const oneFrame = await bundleWorkflowCode(ONE_FRAME_PEER_WORKFLOWS);
      const often = (histories: readonly History[]): History[] => Array.from({ length: TIMES }, () => histories).flat();
      return {
        flags: system.flags,
        async ours(): Promise<Side> {
          const ms = await replayAll(ourBundle, [longest]);
          return { ...rows(ms), 'B7.one-frame': ms, 'B7.recorded': await replayAll(ourBundle, often(recorded)) };
        },
        async peer(): Promise<Side> {
          return {
            ...rows(await replayAll(peerBundle, [emptyLongest])),
            'B7.one-frame': await replayAll(oneFrame, [emptyLongest]),
            'B7.recorded': await replayAll(peerBundle, often(emptyRecorded)),
          };
        },
        close: system.close,
      };

      function rows(ms: number): Side {
        return { B7: ms, 'B7.pace': (events * 1_000) / ms };
      }
    } catch (error) {
      await system.close();
      throw error;
    } finally {
      await partner.stop();
    }
  },
};

async function recordLongest(system: BenchSystem, partnerUrl: string): Promise<History> {
  const api = await system.start(PROCESS.api);
  const worker = await system.start(PROCESS.worker);
  await holdStarts(system);
  const abroad = await openAbroad(system, partnerUrl);
  const [input] = await registerAbroad(system, abroad, 1);
  if (!input) throw new Error('Nobody was registered');
  const watch = startWatch(system.pool, STANDING_OF_JOURNEYS);
  try {
    const id = workflowId.journey(input.journeyId);
    return await fetched(system.temporal, id, await longestRun(system.temporal, abroad, input, watch));
  } finally {
    await watch.stop();
    await worker.stop();
    await api.stop();
  }
}

/** Runs the workflow with nothing in it by the plan of a history. @throws Error where its history is of another size */
async function recordEmpty(client: Client, { workflowId: like, history }: History): Promise<History> {
  const plan = planFor(history.events);
  const id = `play:${like}:${Math.random().toString(36).slice(2)}`;
  const handle = await client.workflow.start('play', { workflowId: id, taskQueue: PEER_QUEUE, args: [plan] });
  // Asked of the server and not of the workflow: a query that comes while local activities run makes another task.
  const waitsFor = (step: number): Promise<void> =>
    until(async () => {
      const { historyLength, raw } = await handle.describe();
      return historyLength >= eventsBefore(plan, step) && !raw.pendingWorkflowTask;
    }, `${like} with nothing in it to come to step ${step}`);
  for (const [index, { wake }] of plan.steps.entries()) {
    if (wake !== 'signal' && wake !== 'update') continue;
    await waitsFor(index);
    if (wake === 'signal') await handle.signal(playMessages.signalled);
    else await handle.executeUpdate<void, []>(playMessages.updated);
  }
  await waitsFor(plan.steps.length);
  if (plan.ends) await handle.result();
  const made = await fetched(client, id);
  const [wanted, got] = [sizeOf(history.events), sizeOf(made.history.events)];
  if (wanted.events !== got.events || wanted.tasks !== got.tasks)
    throw new Error(`The peer of ${like} has ${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}`);
  if (!plan.ends) await handle.terminate('recorded');
  return made;
}

async function fetched(client: Client, id: string, runId?: string): Promise<History> {
  const history = await client.workflow.getHandle(id, runId).fetchHistory();
  return closedHistory({ workflowId: id, history: JSON.parse(historyToJSON(history)) as History['history'] });
}

function closedHistory({ workflowId: id, history }: History): History {
  return { workflowId: id, history: { events: closed(history.events) } };
}

/** @returns milliseconds. @throws the error of a history that does not replay */
async function replayAll(workflowBundleOption: WorkflowBundleOption, histories: readonly History[]): Promise<number> {
  const read = histories.map(({ workflowId: id, history }) => ({ workflowId: id, history: historyFromJSON(history) }));
  const began = performance.now();
  let replayed = 0;
  for await (const { error } of Worker.runReplayHistories({ workflowBundle: workflowBundleOption }, read)) {
    if (error) throw error;
    replayed += 1;
  }
  const took = performance.now() - began;
  if (replayed !== read.length) throw new Error(`${replayed} of ${read.length} histories were replayed`);
  return took;
}
