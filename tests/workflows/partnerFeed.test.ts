import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type WorkflowBundlePath } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FeedActivities } from '../../activities/background.ts';
import { workflowGateway } from '../../adapters/temporal/workflowGateway.ts';
import * as messages from '../../workflows/messages.ts';
import { eventually } from '../support/systemRows.ts';
import { timeSkippingEnvironment, workflowBundle } from '../support/temporal.ts';

let environment: TestWorkflowEnvironment;
let bundle: WorkflowBundlePath;

beforeAll(async () => {
  [environment, bundle] = await Promise.all([timeSkippingEnvironment(), workflowBundle()]);
});
afterAll(() => environment?.teardown());

/** Runs a feed whose looks at the table are answered by `look`, while `during` happens. */
async function withFeed(
  endpointId: string,
  look: (n: number) => { next: number | null; ended: boolean },
  during: (feed: Feed) => Promise<void>,
): Promise<void> {
  let looks = 0;
  const activities: FeedActivities = { sendDue: async () => look(++looks) };
  const taskQueue = `feed-${endpointId}`;
  const worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue,
    workflowBundle: bundle,
    activities,
  });
  const system = workflowGateway(environment.client, { ...messages, TASK_QUEUE: taskQueue });
  await worker.runUntil(() =>
    during({
      nudge: () => system.nudgeFeed(endpointId),
      looks: () => looks,
      handle: environment.client.workflow.getHandle(messages.workflowId.feed(endpointId)),
    }),
  );
}
type Feed = {
  nudge(): Promise<void>;
  looks(): number;
  handle: ReturnType<TestWorkflowEnvironment['client']['workflow']['getHandle']>;
};

describe('partnerFeed', () => {
  it('is started by the first nudge, looks again at each, rests in between, and ends with its endpoint', async () => {
    let removed = false;
    await withFeed(
      'end_1',
      () => ({ next: null, ended: removed }),
      async ({ nudge, looks, handle }) => {
        await nudge();
        await eventually(() => looks() >= 1);
        const before = looks();
        await environment.sleep('30 days');
        expect(looks()).toBe(before);
        await nudge();
        await eventually(() => looks() > before);
        removed = true;
        await nudge();
        await handle.result();
        // An endpoint that comes back gets a feed again.
        removed = false;
        await nudge();
        const again = looks();
        await eventually(() => looks() > again || looks() > before + 2);
        removed = true;
        await nudge();
        await handle.result();
      },
    );
  });

  it('looks when the next attempt is due, and at once where more is there', async () => {
    const answers = [{ next: 0 }, { next: 5_000 }, { next: 24 * 60 * 60_000 }];
    await withFeed(
      'end_2',
      (n) => ({ next: null, ended: answers.length < n, ...answers[n - 1] }),
      async ({ nudge, looks, handle }) => {
        await nudge();
        await handle.result();
        expect(looks()).toBe(4);
      },
    );
  });

  it('continues as new under many nudges and loses none', async () => {
    let ended = false;
    await withFeed(
      'end_3',
      () => ({ next: 0, ended }),
      async ({ nudge, looks, handle }) => {
        await nudge();
        const first = (await handle.describe()).runId;
        await eventually(async () => (await handle.describe()).runId !== first);
        expect(looks()).toBeGreaterThan(100);
        ended = true;
        await nudge();
        await eventually(async () => (await handle.describe()).status.name === 'COMPLETED');
      },
    );
  });
});
