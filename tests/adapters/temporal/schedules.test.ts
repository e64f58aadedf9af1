import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { choreActivities } from '../../../activities/background.ts';
import { keepSchedule } from '../../../adapters/temporal/client.ts';
import type { Chore } from '../../../application/background.ts';
import { keepSchedules } from '../../../processes/composition/activities.ts';
import { eventually } from '../../support/systemRows.ts';
import { devServerEnvironment, workflowBundle } from '../../support/temporal.ts';

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await devServerEnvironment();
});
afterAll(() => env?.teardown());

async function withChores(taskQueue: string, chores: Record<string, Chore>, work: () => Promise<void>): Promise<void> {
  const worker = await Worker.create({
    connection: env.nativeConnection,
    taskQueue,
    workflowBundle: await workflowBundle(),
    activities: choreActivities(chores),
  });
  await worker.runUntil(work);
}

const described = (id: string) => env.client.schedule.getHandle(id).describe();
const wanted = (chore: string, every: '1 hour' | '1 second') => ({
  ...{ id: `chore:${chore}`, every, workflow: 'chore', taskQueue: chore },
  input: { version: 1, chore },
});

describe('a chore', () => {
  it('runs at once and at its times, one run at a time', async () => {
    let running = 0;
    let most = 0;
    let runs = 0;
    const slow: Chore = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      running -= 1;
      runs += 1;
    };
    await withChores('slow', { slow }, async () => {
      await keepSchedule(env.client, wanted('slow', '1 second'));
      await eventually(() => runs >= 3);
      await env.client.schedule.getHandle('chore:slow').delete();
    });
    expect(most).toBe(1);
  });

  it('that several workers keep at once has one schedule, and runs again when a worker begins', async () => {
    let runs = 0;
    await withChores('often', { often: async () => void runs++ }, async () => {
      await Promise.all([1, 2, 3].map(() => keepSchedule(env.client, wanted('often', '1 hour'))));
      await eventually(() => runs >= 1);
      const before = runs;
      await eventually(async () => (await described('chore:often')).info.runningActions.length === 0);
      await keepSchedule(env.client, wanted('often', '1 hour'));
      await eventually(() => runs > before);
      expect((await described('chore:often')).info.recentActions.length).toBeGreaterThanOrEqual(2);
    });
  });

  it('that a person has paused stays paused, and takes what has changed', async () => {
    let runs = 0;
    await withChores('paused', { paused: async () => void runs++ }, async () => {
      await keepSchedule(env.client, wanted('paused', '1 hour'));
      await eventually(() => runs === 1);
      await env.client.schedule.getHandle('chore:paused').pause('the disk is full');
      await keepSchedule(env.client, wanted('paused', '1 second'));
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      expect(runs).toBe(1);
      const { state, spec } = await described('chore:paused');
      expect(state).toMatchObject({ paused: true, note: 'the disk is full' });
      expect(spec.intervals).toMatchObject([{ every: 1_000 }]);
    });
  });

  it('that failed is tried again in the same run', async () => {
    let runs = 0;
    const failing: Chore = async () => {
      if (++runs === 1) throw new Error('database away');
    };
    await withChores('failing', { failing }, async () => {
      await keepSchedule(env.client, wanted('failing', '1 hour'));
      await eventually(() => runs === 2);
      expect((await described('chore:failing')).info.recentActions).toHaveLength(1);
    });
  }, 60_000);

  it('that this build does not have ends its run, and is not tried again', async () => {
    await withChores('unknown', {}, async () => {
      await keepSchedule(env.client, wanted('unknown', '1 hour'));
      const ended = async () => {
        const [last] = (await described('chore:unknown')).info.recentActions;
        if (!last) return undefined;
        const { workflowId, firstExecutionRunId } = last.action.workflow;
        return (await env.client.workflow.getHandle(workflowId, firstExecutionRunId).describe()).status.name;
      };
      await eventually(async () => ![undefined, 'RUNNING'].includes(await ended()));
      expect(await ended()).toBe('FAILED');
    });
  });
});

it('every chore of the system has its schedule', async () => {
  await keepSchedules(env.client, 'homeward');
  for (const id of ['chore:retention', 'chore:timeZones'])
    expect((await described(id)).action).toMatchObject({ workflowType: 'chore', taskQueue: 'homeward' });
});
