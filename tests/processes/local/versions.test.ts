import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTemporal } from '../../../adapters/temporal/client.ts';
import { makeCurrent, readVersions } from '../../../adapters/temporal/versions.ts';
import { runVersions } from '../../../processes/local/versions.ts';
import type { Bundle } from '../../../processes/worker/bundle.ts';
import { TASK_QUEUE } from '../../../workflows/messages.ts';
import { eventually } from '../../support/systemRows.ts';
import { devServerEnvironment, workflowBundle } from '../../support/temporal.ts';
import { anotherBuild, decide, versionedWorker } from '../../support/versions.ts';
import { fakeActivities, journeyInput, startJourney } from '../../workflows/journeyHarness.ts';

const identity = 'test';
const { activities } = fakeActivities();
let env: TestWorkflowEnvironment;
let folder: string;
let today: Bundle;
let said: string[];
/** Build ids of the older workers that run, by the launcher's will. */
let running: string[];
let stops: Array<() => Promise<unknown>>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'homeward-kept-'));
  [said, running, stops] = [[], [], []];
  env = await devServerEnvironment();
  today = await workflowBundle();
});
afterEach(async () => {
  for (const stop of stops.reverse()) await stop();
  await env?.teardown();
  rmSync(folder, { recursive: true, force: true });
});

const kept = () => readdirSync(folder).toSorted();
const fileOf = ({ buildId }: Bundle) => `${buildId}.js`;

/** A journey that waits in this build, whose worker has gone. */
async function waitsIn(bundle: Bundle): Promise<Awaited<ReturnType<typeof startJourney>>> {
  const worker = await versionedWorker(env, bundle, activities);
  await makeCurrent(env.client, { buildId: bundle.buildId, takesOver: 'always', identity });
  const person = await startJourney(env, journeyInput(), TASK_QUEUE);
  await eventually(async () => (await readVersions(env.client, TASK_QUEUE))[0]?.openWorkflows === 1);
  await worker.stop();
  return person;
}

async function start(now = Date.now): Promise<void> {
  const worker = await versionedWorker(env, today, activities);
  stops.push(worker.stop);
  const versions = runVersions({
    client: openTemporal({ connection: { address: env.address }, namespace: 'default' }),
    ...{ folder, bundle: today, pollMs: 200, now, say: (line: string) => said.push(line) },
    startOlder(bundle) {
      running.push(bundle.buildId);
      const older = versionedWorker(env, bundle, activities);
      return {
        pid: () => undefined,
        ready: older.then(() => undefined),
        async stop() {
          await (await older).stop();
          running.splice(running.indexOf(bundle.buildId), 1);
        },
      };
    },
  });
  stops.push(versions.stop);
  await versions.ready;
}

describe('npm start after a change of the workflows', () => {
  it('runs the older build beside the new one until nobody is left in it, and removes it then', async () => {
    const yesterday = await anotherBuild(folder);
    const unused = await anotherBuild(folder, 198);
    const person = await waitsIn(yesterday);
    expect(kept()).toEqual([fileOf(yesterday), fileOf(unused)].toSorted());

    await start();
    expect(running).toContain(yesterday.buildId);
    await decide(env, person.handle.workflowId, 'completeScreening', { risk: 'none' });
    await eventually(() => kept().length === 1);
    expect(kept()).toEqual([fileOf(today)]);
    await eventually(() => running.length === 0);
    expect(await readVersions(env.client, TASK_QUEUE)).toMatchObject([
      { buildId: today.buildId, current: true, openWorkflows: 1 },
      { buildId: yesterday.buildId, openWorkflows: 0 },
    ]);
    expect(said).toEqual([
      `version ${yesterday.buildId} of before has open workflows (1); its worker runs until they have ended or gone on`,
      `nothing is left of version ${yesterday.buildId}; its worker ends`,
    ]);
  });

  it('makes the build current that was started, also one that another has followed', async () => {
    const newer = await anotherBuild(folder);
    await (await waitsIn(today)).handle.terminate('over');
    const person = await waitsIn(newer);
    await start();
    await decide(env, person.handle.workflowId, 'completeScreening', { risk: 'none' });
    const [current] = await readVersions(env.client, TASK_QUEUE);
    expect(current).toMatchObject({ buildId: today.buildId, current: true });
    expect(kept()).toContain(fileOf(today));
  });

  it('says so once where workflows wait for a build that is not kept', async () => {
    const lost = await anotherBuild(folder);
    await waitsIn(lost);
    rmSync(lost.codePath);
    // Later than the clock: the worker that has gone no longer counts as one that asked a short time ago.
    await start(() => Date.now() + 100_000);
    await eventually(() => said.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(said).toEqual([
      expect.stringMatching(`^version ${lost.buildId} has open workflows \\(1\\) and is not kept here`),
    ]);
  });
});
