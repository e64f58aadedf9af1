import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { WorkflowBundlePath } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CancelRequest, FeedActivities, ImportActivities } from '../../activities/background.ts';
import { defaultRules } from '../../domain/rules.ts';
import { DAY, REAL_CLOCK } from '../../domain/time.ts';
import { workflowId } from '../../workflows/messages.ts';
import { devServerEnvironment, timeSkippingEnvironment, workflowBundle } from '../support/temporal.ts';
import { eventually, fakeActivities, journeyInput, OFFICER, startJourney, withWorker } from './journeyHarness.ts';
import { fakeMovement, movementInput, startMovement } from './movementHarness.ts';

let env: TestWorkflowEnvironment;
/** The time-skipping server does not let a workflow continue as new that it was asked to cancel. */
let real: TestWorkflowEnvironment;
let bundle: WorkflowBundlePath;

beforeAll(async () => {
  [env, real, bundle] = await Promise.all([timeSkippingEnvironment(), devServerEnvironment(), workflowBundle()]);
});
afterAll(async () => {
  await env?.teardown();
  await real?.teardown();
});

const CANCEL_TASK = { key: 'cancelRequest', whom: { kind: 'role', id: 'duty_supervisor' }, escalationStep: 'waiting' };

describe('a cancellation that is asked for in Temporal', () => {
  it('of a journey becomes a task, escalated like any other, and the journey goes on', async () => {
    const fake = fakeActivities();
    await withWorker(env, bundle, fake.activities, async (queue) => {
      const person = await startJourney(env, journeyInput({ registration: { consent: 'pending' } }), queue);
      const waits = () => fake.batches.at(-1)?.waits ?? [];
      await eventually(() => fake.batches.length > 0, 'the journey to begin');
      const before = waits().map(({ key }) => key);
      await person.handle.cancel();
      await eventually(() => waits().some(({ key }) => key === 'cancelRequest'), 'the task');
      expect(waits().find(({ key }) => key === 'cancelRequest')).toMatchObject(CANCEL_TASK);
      expect(waits().map(({ key }) => key)).toEqual(expect.arrayContaining(before));

      // work, timers and commands after it, as before it
      await person.command('confirmIdentity', 'case_worker');
      await person.quiet();
      await env.sleep(3 * DAY);
      await eventually(
        () => waits().find(({ key }) => key === 'cancelRequest')?.escalationStep === 'escalated',
        'escalated',
      );
      await person.command('completeScreening', 'case_worker', { risk: 'none' });
      await person.command('giveConsent', 'case_worker', {
        form: 'explicit',
        sharing: true,
        ownState: true,
        consulates: [],
      });
      await eventually(() => fake.types().includes('fitnessRequested'), 'the clinic to be asked');
      await person.handle.terminate('seen');
    });
  });

  it('is decided by a person; then the journey goes on in a new run, which notices a later one', async () => {
    const fake = fakeActivities();
    await withWorker(real, bundle, fake.activities, async (queue) => {
      const person = await startJourney(real, journeyInput({ registration: { consent: 'pending' } }), queue);
      const id = person.handle.workflowId;
      const open = () => fake.batches.at(-1)?.waits.some(({ key }) => key === 'cancelRequest') === true;
      const { runId } = await person.handle.describe();
      await person.handle.cancel();
      await eventually(open, 'the task');
      await expect(person.command('dismissCancelRequest', 'case_worker')).rejects.toThrow('Update failed');
      await person.command('dismissCancelRequest', 'duty_supervisor');
      await eventually(() => !open(), 'the task to be done');
      const current = () => real.client.workflow.getHandle(id);
      await eventually(async () => (await current().describe()).runId !== runId, 'a new run');
      await current().cancel();
      await eventually(open, 'the task again');
      await person.command('withdrawConsent', 'case_worker');
      await person.confirmEnding('withdrawn');
      expect(await current().result()).toBe('withdrawn');
      expect(fake.batches.at(-1)?.waits).toEqual([]);
    });
  });

  it('loses nothing that is on its way: an update and what a partner answers are recorded', async () => {
    const fake = fakeActivities();
    const { record, sendRequest } = fake.activities;
    fake.activities.record = async (batch) => {
      await new Promise((resolve) => setTimeout(resolve, 150));
      return record(batch);
    };
    fake.activities.sendRequest = async (input) => {
      await new Promise((resolve) => setTimeout(resolve, 400));
      return sendRequest(input);
    };
    await withWorker(env, bundle, fake.activities, async (queue) => {
      const person = await startJourney(env, journeyInput(), queue);
      await eventually(() => fake.batches.length > 0, 'the journey to begin');
      await person.command('completeScreening', 'case_worker', { risk: 'none' });
      const command = person.command('raiseHold', 'case_worker', { holdId: 'hld_1' });
      await person.handle.cancel();
      await command;
      await eventually(() => fake.types().includes('identityConfirmed'), 'the answer of the registry');
      expect(fake.types()).toEqual(expect.arrayContaining(['holdRaised', 'cancelRequested', 'identityConfirmed']));
      await person.handle.terminate('seen');
    });
  });

  it('of a movement becomes a task, and nobody loses a seat until a person cancels it', async () => {
    const fake = fakeMovement();
    await withWorker(env, bundle, fake.activities, async (queue) => {
      const ship = await startMovement(env, movementInput(await env.currentTimeMs()), queue);
      await eventually(() => fake.types().includes('carrierBooked'), 'the carrier');
      await ship.command('allocateSeats');
      await ship.handle.cancel();
      await eventually(() => fake.waits().some(({ key }) => key === 'cancelRequest'), 'the task');
      expect(fake.waits().find(({ key }) => key === 'cancelRequest')).toMatchObject(CANCEL_TASK);
      expect(fake.calls['releaseAll']).toBeUndefined();
      expect(await ship.command('lockManifest')).toMatchObject({ detail: { people: 4 } });
      await ship.command('cancelMovement');
      expect(await ship.handle.result()).toBe('cancelled');
      expect(fake.calls['releaseAll']).toBe(1);
      expect(fake.waits()).toEqual([]);
    });
  });

  it('of an operation becomes a task, and the operation goes on', async () => {
    const fake = fakeActivities();
    const activities = {
      ...fake.activities,
      nameLeads: async () => {},
      beginEnd: async () => ({ people: {}, movements: {} }),
    };
    await withWorker(env, bundle, activities, async (taskQueue) => {
      const operationId = `op_${Math.random().toString(36).slice(2)}`;
      const handle = await env.client.workflow.start('operation', {
        taskQueue,
        workflowId: workflowId.operation(operationId),
        args: [{ version: 1, operationId, clock: REAL_CLOCK, rules: defaultRules('evacuation') }],
      });
      const command = (name: string, args: object = {}) =>
        handle.executeUpdate(name, {
          args: [{ commandId: `${operationId}${name}`, actor: OFFICER('coordinator'), args, reasonCode: 'test' }],
        });
      const waits = () => fake.batches.at(-1)?.waits ?? [];
      await eventually(() => fake.types().includes('operationOpened'), 'the operation to begin');
      await handle.cancel();
      await eventually(() => waits().some(({ key }) => key === 'cancelRequest'), 'the task');
      const leads = { protection: 'p', health: 'h', movement: 'm' };
      expect(await command('activate', { governmentRequestRef: 'NV 12/2017', leads })).toMatchObject({
        status: 'running',
      });
      await command('closeOperation');
      expect(await handle.result()).toBe('closed');
      expect(waits()).toEqual([]);
    });
  });

  it('of a feed raises an alarm, and the feed goes on in a new run that notices a later one', async () => {
    const reports: CancelRequest[] = [];
    let removed = false;
    let looks = 0;
    const activities: FeedActivities & { reportCancelRequest(request: CancelRequest): Promise<void> } = {
      sendDue: async () => {
        looks += 1;
        return { next: null, ended: removed };
      },
      reportCancelRequest: async (request) => void reports.push(request),
    };
    await withWorker(real, bundle, activities, async (taskQueue) => {
      const id = workflowId.feed('end_cancel');
      await real.client.workflow.start('partnerFeed', {
        taskQueue,
        workflowId: id,
        args: [{ version: 1, endpointId: 'end_cancel' }],
      });
      const feed = real.client.workflow.getHandle(id);
      await eventually(() => looks === 1, 'a look');
      await feed.cancel();
      await eventually(() => looks >= 3, 'looks of the new run');
      expect(reports).toEqual([{ subject: 'end_cancel', runId: expect.any(String) }]);
      await feed.cancel();
      await eventually(() => reports.length === 2, 'another alarm');
      removed = true;
      await feed.signal('nudged').catch(() => {});
      await eventually(async () => (await feed.describe()).status.name === 'COMPLETED', 'the feed to end');
    });
  });

  it('of an import raises an alarm, and the step goes on to its end', async () => {
    const reports: CancelRequest[] = [];
    const steps: string[] = [];
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const activities: ImportActivities & { reportCancelRequest(request: CancelRequest): Promise<void> } = {
      checkList: async () => {},
      commitList: async () => {
        steps.push('commit');
        await held;
        return { committed: true };
      },
      countStartsLeft: async () => 0,
      finishImport: async () => void steps.push('finished'),
      reportCancelRequest: async (request) => void reports.push(request),
    };
    await withWorker(env, bundle, activities, async (taskQueue) => {
      const handle = await env.client.workflow.start('importList', {
        taskQueue,
        workflowId: workflowId.import('imp_cancel', 'commit'),
        args: [{ version: 1, importId: 'imp_cancel', operationId: 'op_test', step: 'commit' }],
      });
      await eventually(() => steps.length === 1, 'the commit of the list');
      await handle.cancel();
      await eventually(() => reports.length === 1, 'the alarm');
      release();
      await handle.result();
      expect(steps).toEqual(['commit', 'finished']);
      expect(reports).toEqual([{ subject: 'imp_cancel', operationId: 'op_test', runId: expect.any(String) }]);
    });
  });
});
