import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { NativeConnection, Worker } from '@temporalio/worker';
import { sendCommand } from '../../adapters/temporal/workflowGateway.ts';
import { type Bundle, buildIdOf } from '../../processes/worker/bundle.ts';
import { pinnedTo } from '../../processes/worker/options.ts';
import { TASK_QUEUE } from '../../workflows/messages.ts';
import { OFFICER } from '../workflows/journeyHarness.ts';
import { workflowBundle } from './temporal.ts';

/** Something that another build may well have changed, and that changes no history. */
const CONSTANT = /const MOST = 4_?000;/g;

/** The workflows of today with one constant changed: another build, for the server as for us. */
export function anotherBuild(folder: string, remembered = 3999): Promise<Bundle> {
  return changedBuild(folder, CONSTANT, `const MOST = ${remembered};`);
}

/** The workflows of today with this change in their code. */
export async function changedBuild(folder: string, what: string | RegExp, by: string): Promise<Bundle> {
  const { codePath } = await workflowBundle();
  const code = readFileSync(codePath, 'utf8');
  const changed = code.replaceAll(what, by);
  if (changed === code) throw new Error(`Today's workflows have no ${String(what)}`);
  const buildId = buildIdOf(changed);
  const file = join(folder, `${buildId}.js`);
  writeFileSync(file, changed);
  return { codePath: file, buildId };
}

/** A worker of this build, as it is deployed, with stand-ins for what it does outside. */
export async function versionedWorker(
  env: TestWorkflowEnvironment,
  { codePath, buildId }: Bundle,
  activities: object,
): Promise<{ stop(): Promise<void> }> {
  const connection = await NativeConnection.connect({ address: env.address });
  const worker = await Worker.create({
    ...pinnedTo(buildId),
    ...{ connection, taskQueue: TASK_QUEUE, workflowBundle: { codePath }, activities, shutdownGraceTime: 0 },
  });
  const running = worker.run();
  return {
    async stop() {
      worker.shutdown();
      await running;
      await connection.close();
    },
  };
}

/** A decision as the API sends it: one that falls between two runs of its workflow is sent to the next. */
export function decide(env: TestWorkflowEnvironment, workflowId: string, name: string, args: object): Promise<unknown> {
  const commandId = randomUUID();
  const command = { commandId, actor: OFFICER('case_worker'), args, reasonCode: 'test' };
  return sendCommand(env.client, workflowId, name, command, { deadline: 20_000 });
}
