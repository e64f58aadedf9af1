/**
 * B2: reference journeys completed a second, from the first request to the last follow-up.
 *
 * Ours: the real worker process with the production bundle and everything it does besides the workflows. Each of the five
 * requests asks the gate, writes request and ledger, opens the person's encrypted data, signs, and is sent over HTTP to
 * partners that answer at once; each event goes through record_events into event_log, projection, waits, tasks, outbox and
 * services; the outbox publisher runs meanwhile. Messages come as signals and decisions as updates, in the order of
 * reference-journey.json, each after the one before was recorded.
 * Peer: the same skeleton (peer/skeleton.ts): equal activities, local activities each with its one transaction (one
 * terse prepared statement), updates, signals, timers and continue-as-new, bodies empty, in a worker process with the
 * same options, played by the same script, at the same pace, on the same servers.
 * A month of follow-ups is three seconds of real time for both, so that a year's timers are really slept. Journeys are
 * begun one after the other; what counts is the pace of the middle half of all completions, when as many come as go.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { Pool } from 'pg';
import type { JourneyInput } from '../workflows/messages.ts';
import { workflowId } from '../workflows/messages.ts';
import { type Abroad, holdStarts, openAbroad, registerAbroad, SECONDS_PER_DAY } from './abroad.ts';
import { type Bench, quantile, type Side } from './bench.ts';
import { openInstantPartner } from './instantPartner.ts';
import { closedLoop } from './load.ts';
import { type Played, playToTheEnd, playToTheWait } from './played.ts';
import { realJourney, STANDING_OF_JOURNEYS } from './realJourney.ts';
import { FEWEST_EVENTS } from './reference.ts';
import { PEER_TABLES, STANDING_OF_SKELETONS, skeletonJourney } from './skeletonJourney.ts';
import { type BenchSystem, openBenchSystem, PROCESS } from './system.ts';
import { startWatch } from './watch.ts';

const JOURNEYS = 400;
const AT_ONCE = 160;
/** The first ones begin so long after one another, so that they do not go in step. */
const APART_MS = 80;
const DAYS_PER_MONTH = 30.4;
const STEPS_OF_A_JOURNEY = 10;
const HAND_WRITTEN_AT_ONCE = 16;

export const journeys: Bench = {
  id: 'B2',
  title: 'reference journeys against the same skeleton with empty bodies',
  rows: [
    {
      id: 'B2',
      says: `journeys completed a second, ${JOURNEYS} journeys, ${AT_ONCE} at once; peer: the skeleton`,
      unit: 'journeys/s',
      limit: { of: 'ratio', atLeast: 0.85 },
    },
    { id: 'B2.events', says: 'events of one journey, both runs; peer: of one skeleton', unit: 'events' },
    {
      id: 'B2.steps',
      says: 'events recorded a second; peer: hand-written ten-step journeys on PostgreSQL alone',
      unit: 'steps/s',
    },
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
      await system.start(PROCESS.worker);
      await system.pool.query(PEER_TABLES);
      await system.start('bench/peer/worker.ts');
      await holdStarts(system);
      return {
        flags: system.flags,
        async ours(): Promise<Side> {
          const abroad = await openAbroad(system, partner.url);
          const inputs = await registerAbroad(system, abroad, JOURNEYS);
          const perSecond = await playReal(system, abroad, inputs);
          const events = await recordedEventsOfEach(system.pool, inputs);
          const ids = inputs.map(({ journeyId }) => workflowId.journey(journeyId));
          return { B2: perSecond, 'B2.events': await eventsOfEach(system, ids), 'B2.steps': perSecond * events };
        },
        async peer(): Promise<Side> {
          const subjects = Array.from({ length: JOURNEYS }, () => `skeleton-${randomUUID()}`);
          const perSecond = await playSkeletons(system, subjects);
          const events = await eventsOfEach(system, subjects);
          // The skeleton's arrivals come one by one, as the sum in reference-journey.json counts them.
          if (events < FEWEST_EVENTS * 0.95)
            throw new Error(`A skeleton took ${events} events: less than the journey has`);
          return { B2: perSecond, 'B2.events': events, 'B2.steps': await handWrittenSteps(system.pool) };
        },
        close,
      };
    } catch (error) {
      await close();
      throw error;
    }
  },
};

async function playReal(system: BenchSystem, abroad: Abroad, inputs: readonly JourneyInput[]): Promise<number> {
  const watch = startWatch(system.pool, STANDING_OF_JOURNEYS);
  try {
    return await pace(inputs.map((input) => realJourney(system.temporal, abroad, input, watch)));
  } finally {
    await watch.stop();
  }
}

async function playSkeletons(system: BenchSystem, subjects: readonly string[]): Promise<number> {
  const watch = startWatch(system.pool, STANDING_OF_SKELETONS);
  const monthMs = SECONDS_PER_DAY * DAYS_PER_MONTH * 1_000;
  try {
    return await pace(subjects.map((subject) => skeletonJourney(system.temporal, { subject, monthMs }, watch)));
  } finally {
    await watch.stop();
  }
}

/** @returns completions a second in the middle half of all */
async function pace(all: readonly Played[]): Promise<number> {
  const ended: number[] = [];
  await closedLoop(all, AT_ONCE, async (journey, index) => {
    if (index < AT_ONCE) await pause(index * APART_MS);
    await playToTheWait(journey);
    await playToTheEnd(journey);
    ended.push(performance.now());
  });
  const [from, to] = [quantile(ended, 0.25), quantile(ended, 0.75)];
  return ended.filter((at) => at > from && at <= to).length / ((to - from) / 1_000);
}

/** Events of both runs, by a sample. */
async function eventsOfEach({ temporal }: BenchSystem, ids: readonly string[]): Promise<number> {
  const sample = ids.filter((_, index) => index % 20 === 0);
  let events = 0;
  for (const id of sample) {
    const last = await lengthOf(temporal.workflow.getHandle(id));
    const first = await lengthOf(temporal.workflow.getHandle(id, last.first));
    events += first.events + last.events;
  }
  return events / sample.length;
}

async function lengthOf(handle: WorkflowHandle): Promise<{ events: number; first: string }> {
  const description = await handle.describe();
  return {
    events: description.historyLength,
    first: description.raw.workflowExecutionInfo?.firstRunId ?? description.runId,
  };
}

async function recordedEventsOfEach(pool: Pool, inputs: readonly JourneyInput[]): Promise<number> {
  const { rows } = await pool.query<{ events: number }>(
    'select count(*)::float / $2 as events from event_log where subject = any($1)',
    [inputs.map(({ journeyId }) => journeyId), inputs.length],
  );
  return rows[0]?.events ?? 0;
}

/** What a team would write without an engine: ten steps a person, each one transaction that the next waits for. */
async function handWrittenSteps(pool: Pool): Promise<number> {
  const subjects = Array.from({ length: 200 }, () => `hand-${randomUUID()}`);
  const seconds = await closedLoop(subjects, HAND_WRITTEN_AT_ONCE, async (subject) => {
    for (let seq = 1; seq <= STEPS_OF_A_JOURNEY; seq += 1) {
      const client = await pool.connect();
      try {
        await client.query('begin');
        await client.query('insert into bench_events (subject, seq, data) values ($1, $2, $3)', [subject, seq, '{}']);
        await client.query(
          'insert into bench_subjects (subject, seq) values ($1, $2) on conflict (subject) do update set seq = excluded.seq',
          [subject, seq],
        );
        await client.query('insert into bench_outbox (subject, seq, data) values ($1, $2, $3)', [subject, seq, '{}']);
        await client.query('commit');
      } finally {
        client.release();
      }
    }
  });
  return (subjects.length * STEPS_OF_A_JOURNEY) / seconds;
}
