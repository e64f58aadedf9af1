import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { cacheFolder } from '../../processes/config.ts';
import { temporalBinary, timeSkippingBinary } from '../../processes/parts/temporalPrograms.ts';
import { type Bundle, workflowBundle as bundleIn } from '../../processes/worker/bundle.ts';

const log = (line: string) => process.stderr.write(`${line}\n`);

/** A Temporal server in which a year passes in a moment. Call `teardown` in afterAll. */
export async function timeSkippingEnvironment(): Promise<TestWorkflowEnvironment> {
  const path = await timeSkippingBinary({ cacheDir: cacheFolder(), log });
  return TestWorkflowEnvironment.createTimeSkipping({ server: { executable: { type: 'existing-path', path } } });
}

/** The real development server, in memory, without its UI. Call `teardown` in afterAll. */
export async function devServerEnvironment(): Promise<TestWorkflowEnvironment> {
  const path = await temporalBinary({ cacheDir: cacheFolder(), path: process.env.PATH, log });
  return TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path },
      ip: '127.0.0.1',
      extraArgs: ['--dynamic-config-value', 'frontend.enableServerVersionCheck=false'],
    },
  });
}

/** The workflows as the worker runs them (`workflowBundle` of Worker.create), made once for each state of their sources. */
export function workflowBundle(): Promise<Bundle> {
  return bundleIn(join(import.meta.dirname, '../../.homeward/checks/bundles'));
}
