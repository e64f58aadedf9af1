import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askToGoOn, makeCurrent, readVersions, type TakesOver } from '../../../adapters/temporal/versions.ts';
import { withoutWorker } from '../../../application/versions/watch.ts';
import { defaultRules } from '../../../domain/rules.ts';
import { REAL_CLOCK } from '../../../domain/time.ts';
import type { Bundle } from '../../../processes/worker/bundle.ts';
import { NEW_VERSION, type OperationInput, TASK_QUEUE, workflowId } from '../../../workflows/messages.ts';
import { eventually } from '../../support/systemRows.ts';
import { devServerEnvironment, workflowBundle } from '../../support/temporal.ts';
import { anotherBuild, decide, versionedWorker } from '../../support/versions.ts';
import { fakeActivities, journeyInput, startJourney } from '../../workflows/journeyHarness.ts';
import { fakeMovement, movementInput, startMovement } from '../../workflows/movementHarness.ts';

const identity = 'test';
let env: TestWorkflowEnvironment;
let folder: string;
let yesterday: Bundle;
let today: Bundle;
let stops: Array<() => Promise<void>>;
const fake = fakeActivities();
/** What the registry is asked, for a test that lets an answer wait. */
let registry = fake.activities.sendRequest;
const activities = {
  ...fakeMovement().activities,
  ...fake.activities,
  sendRequest: (input: Parameters<typeof registry>[0]) => registry(input),
  sendDue: async () => ({ next: null, ended: false }),
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'homeward-versions-'));
  stops = [];
  registry = fake.activities.sendRequest;
  env = await devServerEnvironment();
  yesterday = await anotherBuild(folder);
  today = await workflowBundle();
});
afterEach(async () => {
  await Promise.all(stops.map((stop) => stop()));
  await env?.teardown();
  rmSync(folder, { recursive: true, force: true });
});

async function work(bundle: Bundle): Promise<{ stop(): Promise<void> }> {
  const worker = await versionedWorker(env, bundle, activities);
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= worker.stop();
    return stopped;
  };
  stops.push(stop);
  return { stop };
}

const take = (bundle: Bundle, takesOver: TakesOver) =>
  makeCurrent(env.client, { buildId: bundle.buildId, takesOver, identity });
const versionOf = async (id: string): Promise<string | undefined> => {
  const { raw } = await env.client.workflow.getHandle(id).describe();
  return raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId ?? undefined;
};
/** @param now later than the clock: a worker that has gone is then no longer counted as one that asked a short time ago */
const versions = (now = Date.now) => readVersions(env.client, TASK_QUEUE, now);
const current = async () => (await versions()).find((version) => version.current)?.buildId;

/** Two journeys, a movement, an operation and a feed, each asleep. */
async function sleepers(): Promise<{ ids: string[]; person: Awaited<ReturnType<typeof startJourney>> }> {
  const person = await startJourney(env, journeyInput(), TASK_QUEUE);
  const other = await startJourney(env, journeyInput(), TASK_QUEUE);
  const operation: OperationInput = {
    ...{ version: 1, operationId: 'op_1', clock: REAL_CLOCK, rules: defaultRules('evacuation') },
  };
  const ids = [
    person.handle.workflowId,
    other.handle.workflowId,
    workflowId.operation('op_1'),
    workflowId.feed('end_1'),
  ];
  await env.client.workflow.start('operation', { taskQueue: TASK_QUEUE, workflowId: ids[2] ?? '', args: [operation] });
  await env.client.workflow.start('partnerFeed', {
    ...{ taskQueue: TASK_QUEUE, workflowId: ids[3] ?? '', args: [{ version: 1, endpointId: 'end_1' }] },
  });
  const movement = await startMovement(env, movementInput(Date.now()), TASK_QUEUE);
  ids.push(movement.handle.workflowId);
  for (const id of ids) await eventually(async () => (await versionOf(id)) !== undefined);
  return { ids, person };
}

describe('worker versions', () => {
  it('whoever sleeps in yesterday’s build goes on in today’s, and is asked once', async () => {
    await work(yesterday);
    expect(await take(yesterday, 'when_none')).toBe(true);
    const { ids, person } = await sleepers();
    expect(await Promise.all(ids.map(versionOf))).toEqual(ids.map(() => yesterday.buildId));
    // Whoever is asked is found by the server's list, which follows a little later.
    const listed = async () => (await versions()).find(({ buildId }) => buildId === yesterday.buildId)?.openWorkflows;
    await eventually(async () => (await listed()) === ids.length);

    await work(today);
    expect(await take(today, 'always')).toBe(true);
    expect(await askToGoOn(env.client, { signal: NEW_VERSION, identity })).toBe(true);
    expect(await askToGoOn(env.client, { signal: NEW_VERSION, identity })).toBe(false);
    for (const id of ids) await eventually(async () => (await versionOf(id)) === today.buildId);
    await decide(env, person.handle.workflowId, 'completeScreening', { risk: 'none' });

    expect(await versions()).toMatchObject([
      { buildId: today.buildId, current: true, openWorkflows: ids.length, hasWorker: true },
      { buildId: yesterday.buildId, current: false, wasCurrent: true, openWorkflows: 0 },
    ]);

    // And back again, as when an operator takes a version back.
    await take(yesterday, 'always');
    expect(await askToGoOn(env.client, { signal: NEW_VERSION, identity })).toBe(true);
    for (const id of ids) await eventually(async () => (await versionOf(id)) === yesterday.buildId);
    await decide(env, person.handle.workflowId, 'reconfirmConsent', {});
  });

  it('an older worker that starts again takes nothing back, and whoever sleeps is not disturbed', async () => {
    const older = await work(yesterday);
    await take(yesterday, 'when_new');
    await work(today);
    expect(await take(today, 'when_none')).toBe(false);
    expect(await current()).toBe(yesterday.buildId);
    expect(await take(today, 'when_new')).toBe(true);
    await older.stop();

    await work(yesterday);
    for (const takesOver of ['when_none', 'when_new'] as const) {
      expect(await take(yesterday, takesOver)).toBe(false);
      expect(await current()).toBe(today.buildId);
    }
    const { ids } = await sleepers();
    expect(await Promise.all(ids.map(versionOf))).toEqual(ids.map(() => today.buildId));
    expect(await take(yesterday, 'always')).toBe(true);
    expect(await take(today, 'when_new')).toBe(false);
    expect(await current()).toBe(yesterday.buildId);
  });

  it('a version that is taken back while a journey is on its way to it leaves no journey half interrupted', async () => {
    let answer = (): void => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    registry = async (input) => {
      await answered;
      return fake.activities.sendRequest(input);
    };
    await work(yesterday);
    await take(yesterday, 'always');
    const { handle } = await startJourney(env, journeyInput(), TASK_QUEUE);
    await decide(env, handle.workflowId, 'completeScreening', { risk: 'none' });
    await eventually(async () => ((await handle.describe()).raw.pendingActivities ?? []).length > 0);
    await work(today);
    await take(today, 'always');
    await askToGoOn(env.client, { signal: NEW_VERSION, identity });
    // It has been asked, and its first run waits for the answer that is on its way.
    await eventually(async () => {
      const { historyLength, raw } = await handle.describe();
      const { events } = await handle.fetchHistory();
      const signalled = events?.some((event) => event.workflowExecutionSignaledEventAttributes);
      return Boolean(signalled) && !raw.pendingWorkflowTask && historyLength === events?.length;
    });
    await take(yesterday, 'always');
    answer();
    await decide(env, handle.workflowId, 'reconfirmConsent', {});
    expect(await versionOf(handle.workflowId)).toBe(yesterday.buildId);
  });

  it('of several that start at once on an empty server one becomes current, and all agree which', async () => {
    await Promise.all([work(yesterday), work(today), work(today)]);
    const taken = await Promise.all([take(yesterday, 'when_none'), take(today, 'when_none'), take(today, 'when_none')]);
    const winner = await current();
    expect(taken).toEqual([yesterday, today, today].map(({ buildId }) => buildId === winner));
  });

  it('a version without a worker is seen, with how many wait and how long, and goes on when its worker is back', async () => {
    const older = await work(yesterday);
    await take(yesterday, 'when_none');
    const { ids, person } = await sleepers();
    await work(today);
    await older.stop();
    await take(today, 'always');
    await askToGoOn(env.client, { signal: NEW_VERSION, identity });
    await eventually(async () => {
      const suspended = withoutWorker(await versions(() => Date.now() + 100_000));
      return suspended[0]?.buildId === yesterday.buildId && suspended[0].oldestTaskSeconds > 0;
    });
    expect(withoutWorker(await versions(() => Date.now() + 100_000))).toMatchObject([
      { buildId: yesterday.buildId, openWorkflows: ids.length },
    ]);

    await work(yesterday);
    for (const id of ids) await eventually(async () => (await versionOf(id)) === today.buildId);
    await decide(env, person.handle.workflowId, 'completeScreening', { risk: 'none' });
  });
});
