import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAgain } from '../../application/starts/start.ts';
import type { RecordBatch, RecordedEvent } from '../../domain/record.ts';
import { restartFrom } from '../../domain/restart.ts';
import { timeSkippingEnvironment, workflowBundle } from '../support/temporal.ts';
import { eventually, fakeActivities, withWorker } from '../workflows/journeyHarness.ts';
import { fakeMovement } from '../workflows/movementHarness.ts';
import { batchesOf, inputsOf, notingBundle, RECORDED, type Recorded } from './histories.ts';

let env: TestWorkflowEnvironment;
let noting: Awaited<ReturnType<typeof notingBundle>>;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  [env, noting] = await Promise.all([timeSkippingEnvironment(), notingBundle()]);
});
afterAll(async () => {
  await env?.teardown();
});

const KINDS = ['journey', 'movement', 'operation'] as const;
type Kind = (typeof KINDS)[number];
const kindOf = ({ workflowId }: Recorded): Kind | undefined => KINDS.find((kind) => workflowId.startsWith(`${kind}:`));
const SUBJECTS = RECORDED.filter((recorded) => kindOf(recorded) !== undefined);

/** Everything that the runs of a subject recorded, and the last batch that carried an event. */
async function recordedBy(recorded: Recorded): Promise<{ events: RecordedEvent[]; last: RecordBatch }> {
  const batches = await batchesOf(noting, recorded);
  const last = batches.at(-1);
  if (last === undefined) throw new Error('Nothing was recorded');
  return { events: batches.flatMap(({ events }) => events), last };
}

describe.each(SUBJECTS)('$name', (recorded) => {
  const kind = kindOf(recorded) ?? 'journey';

  it('has the state that its event log alone makes', async () => {
    const { events, last } = await recordedBy(recorded);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    const { state } = restartFrom(kind, events);
    const { next } = inputsOf(recorded);
    if (next !== undefined) expect(state).toEqual((next as { carried: { state: object } }).carried.state);
    expect(state.seq).toBe(last.projection['seq']);
  });

  it('is started again under its id from that alone, and goes on', async () => {
    const { events, last } = await recordedBy(recorded);
    const { input } = inputsOf(recorded);
    const { carried: _, ...first } = input as Record<string, unknown>;
    const fake = kind === 'movement' ? fakeMovement() : fakeActivities();
    await withWorker(env, await workflowBundle(), fake.activities, async (taskQueue) => {
      const seq = await startAgain(
        {
          readStart: async (workflowId) => ({ workflowId, workflow: kind, taskQueue, input: first }),
          readEvents: async () => events,
          startAgain: async (start) => {
            await env.client.workflow.start(start.workflow, { ...start, args: [start.input] });
          },
        },
        recorded.workflowId,
      );
      expect(seq).toBe(events.length);
      const handle = env.client.workflow.getHandle(recorded.workflowId);
      const closed = last.waits.length === 0 && recorded.name.includes('completed');
      if (closed) {
        // it was over: it ends at once, and says nothing new
        await handle.result();
        expect(fake.event_log()).toEqual([]);
        return;
      }
      await handle.cancel();
      await eventually(() => fake.types().includes('cancelRequested'), 'the workflow to go on');
      const [batch] = fake.batches;
      expect(batch?.after).toBe(seq);
      const { seq: _seq, ...projection } = last.projection;
      expect(batch?.projection).toMatchObject(projection);
      // What it waited for it waits for again, though an appointment may have come meanwhile.
      const awaited = (waiting: RecordBatch['waits']) => waiting.map(({ what }) => what);
      if (recorded.name.includes('running'))
        expect(awaited(batch?.waits ?? [])).toEqual(expect.arrayContaining(awaited(last.waits)));
      await handle.terminate('seen');
    });
  });
});
