import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImportActivities } from '../../activities/background.ts';
import { newId } from '../../application/ids.ts';
import { type ImportInput, workflowId } from '../../workflows/messages.ts';
import { timeSkippingEnvironment, workflowBundle } from '../support/temporal.ts';
import { withWorker } from './journeyHarness.ts';

let env: TestWorkflowEnvironment;
let bundle: Awaited<ReturnType<typeof workflowBundle>>;

beforeAll(async () => {
  [env, bundle] = await Promise.all([timeSkippingEnvironment(), workflowBundle()]);
});
afterAll(async () => {
  await env?.teardown();
});

/** Runs one step of an import beside activities that note who called them. */
async function step(name: ImportInput['step'], over: Partial<ImportActivities> = {}): Promise<string[]> {
  const calls: string[] = [];
  const noted =
    <T>(what: string, work: () => Promise<T>) =>
    async (): Promise<T> => {
      calls.push(what);
      return work();
    };
  const activities: ImportActivities = {
    checkList: async () => {},
    commitList: async () => ({ committed: true }),
    countStartsLeft: async () => 0,
    finishImport: async () => {},
    ...over,
  };
  const noting = Object.fromEntries(
    Object.entries(activities).map(([what, work]) => [
      what,
      noted(what, () => (work as (input: object) => Promise<unknown>)({})),
    ]),
  );
  await withWorker(env, bundle, noting, async (taskQueue) => {
    const importId = newId('import');
    await env.client.workflow.execute('importList', {
      taskQueue,
      workflowId: workflowId.import(importId, name),
      args: [{ version: 1, importId, operationId: 'op_test', step: name }],
    });
  });
  return calls;
}

describe('an import', () => {
  it('is checked in one run, which registers nobody', async () => {
    expect(await step('check')).toEqual(['checkList']);
  });

  it('is done when everybody is registered and every journey runs', async () => {
    let left = 3;
    const countStartsLeft = async () => left--;
    expect(await step('commit', { countStartsLeft })).toEqual([
      'commitList',
      'countStartsLeft',
      'countStartsLeft',
      'countStartsLeft',
      'countStartsLeft',
      'finishImport',
    ]);
  });

  it('goes on after attempts that failed', async () => {
    let failures = 2;
    const commitList = async () => {
      if (failures-- > 0) throw new Error('the database went away');
      return { committed: true };
    };
    expect(await step('commit', { commitList })).toEqual([
      'commitList',
      'commitList',
      'commitList',
      'countStartsLeft',
      'finishImport',
    ]);
  });

  it('ends where the operation takes nobody in any more', async () => {
    expect(await step('commit', { commitList: async () => ({ committed: false }) })).toEqual(['commitList']);
  });
});
