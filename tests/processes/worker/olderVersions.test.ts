import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alarmsOn } from '../../../adapters/postgres/alarms.ts';
import { databaseOn } from '../../../adapters/postgres/database.ts';
import { makeCurrent, readVersions } from '../../../adapters/temporal/versions.ts';
import { missingActivity } from '../../../processes/composition/activities.ts';
import { startVersionWatch } from '../../../processes/composition/loops.ts';
import { TASK_QUEUE } from '../../../workflows/messages.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { eventually, silentLog } from '../../support/systemRows.ts';
import { devServerEnvironment, workflowBundle } from '../../support/temporal.ts';
import { anotherBuild, changedBuild, versionedWorker } from '../../support/versions.ts';
import { fakeActivities, journeyInput, startJourney } from '../../workflows/journeyHarness.ts';

const identity = 'test';
let env: TestWorkflowEnvironment;
let database: TestDatabase;
let folder: string;
let stops: Array<() => Promise<void>>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'homeward-older-'));
  stops = [];
  [env, database] = await Promise.all([devServerEnvironment(), testDatabase()]);
});
afterEach(async () => {
  for (const stop of stops.reverse()) await stop();
  await env?.teardown();
  await database?.drop();
  rmSync(folder, { recursive: true, force: true });
});

const alarms = () => alarmsOn(databaseOn(database.pool)).list('all', { settled: false }, 10);
const current = (buildId: string) => makeCurrent(env.client, { buildId, takesOver: 'always', identity });

describe('an older version', () => {
  it('that calls what this build no longer has is told of, and goes on where a build that has it comes back', async () => {
    const older = await changedBuild(folder, 'sendRequest', 'sendRequestInTheOldWay');
    const { activities, types } = fakeActivities();
    const missing = missingActivity({ pool: database.pool, buildId: older.buildId });
    const without = await versionedWorker(env, older, { ...activities, default: missing });
    await current(older.buildId);
    const person = await startJourney(env, journeyInput(), TASK_QUEUE);
    await person.command('completeScreening', 'case_worker', { risk: 'none' });
    await eventually(async () => (await alarms()).length > 0);
    await without.stop();
    expect(await alarms()).toMatchObject([
      { kind: 'activity_missing', subject: older.buildId, detail: { activity: 'sendRequestInTheOldWay' } },
    ]);
    expect(types()).not.toContain('identityConfirmed');

    const again = await versionedWorker(env, older, {
      ...activities,
      sendRequestInTheOldWay: activities.sendRequest,
    });
    stops.push(again.stop);
    await eventually(() => types().includes('identityConfirmed'));
  });

  it('that no worker runs raises one alarm, and its workflows are asked again to go on', async () => {
    const [older, today] = await Promise.all([anotherBuild(folder), workflowBundle()]);
    const { activities } = fakeActivities();
    const old = await versionedWorker(env, older, activities);
    await current(older.buildId);
    await startJourney(env, journeyInput(), TASK_QUEUE);
    await eventually(async () => (await readVersions(env.client, TASK_QUEUE))[0]?.openWorkflows === 1);
    const young = await versionedWorker(env, today, activities);
    stops.push(young.stop);
    await current(today.buildId);
    await old.stop();

    let passes = 0;
    const watch = () =>
      startVersionWatch({
        ...{ connectionString: database.url, client: env.client, identity, pollMs: 100, log: silentLog },
        // Later than the clock: the worker that has gone no longer counts as one that asked a short time ago.
        now: () => Date.now() + (passes++, 100_000),
      });
    const watching = watch();
    stops.push(watching.stop);
    await eventually(async () => (await alarms()).length > 0);
    const [alarm] = await alarms();
    expect(alarm).toMatchObject({
      ...{ kind: 'version_without_worker', subject: older.buildId },
      detail: { open_workflows: 1 },
    });
    const before = passes;
    await eventually(() => passes > before + 10);
    expect(await alarms()).toHaveLength(1);

    // Nobody else has asked it: the watch has, and it goes on in today's build as soon as its own worker is back.
    const back = await versionedWorker(env, older, activities);
    stops.push(back.stop);
    await eventually(async () => {
      const [first] = await readVersions(env.client, TASK_QUEUE);
      return first?.buildId === today.buildId && first.openWorkflows === 1;
    });
  });
});
