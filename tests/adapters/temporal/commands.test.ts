import { createServer } from 'node:net';
import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTemporal, temporalAnswers } from '../../../adapters/temporal/client.ts';
import { sendCommand } from '../../../adapters/temporal/workflowGateway.ts';
import { problemOf } from '../../../api/failures.ts';
import type { Decision } from '../../../domain/commands.ts';
import { devServerEnvironment } from '../../support/temporal.ts';

let environment: TestWorkflowEnvironment;
let worker: Worker;
let running: Promise<void>;
const QUEUE = 'counting';
beforeAll(async () => {
  environment = await devServerEnvironment();
  worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue: QUEUE,
    workflowsPath: new URL('./countingWorkflow.ts', import.meta.url).pathname,
  });
  running = worker.run();
});
afterAll(async () => {
  worker.shutdown();
  await running;
  await environment.teardown();
});

let made = 0;
const command = (args: object = {}, commandId = `cmd_${++made}`): Decision<object> => ({
  commandId,
  actor: { kind: 'staff', id: 'anna', role: 'case_worker' },
  args,
});
const start = async () => {
  const workflowId = `counting:${++made}`;
  await environment.client.workflow.start('counting', { workflowId, taskQueue: QUEUE });
  return workflowId;
};
const send = (
  workflowId: string,
  one: Decision<object>,
  deadline = 10_000,
  ensure?: (id: string) => Promise<boolean>,
) =>
  sendCommand<{ count: number; run: number }>(environment.client, workflowId, 'step', one, {
    deadline,
    ...(ensure ? { start: ensure } : {}),
  });

describe('a command on the real server', () => {
  it('is answered once, however often it is sent', async () => {
    const workflowId = await start();
    const one = command();
    expect(await send(workflowId, one)).toEqual({ count: 1, run: 1 });
    expect(await send(workflowId, one)).toEqual({ count: 1, run: 1 });
    expect(await send(workflowId, command())).toEqual({ count: 2, run: 1 });
  });

  it('is refused with its reason and without history', async () => {
    const workflowId = await start();
    await send(workflowId, command());
    const handle = environment.client.workflow.getHandle(workflowId);
    const before = (await handle.describe()).historyLength;
    const refused: unknown = await send(workflowId, command({ refuse: true })).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(WorkflowUpdateFailedError);
    expect(problemOf(refused)).toMatchObject({
      status: 409,
      code: 'command_refused',
      extra: { reason: 'no', allowed: ['step'] },
    });
    expect((await handle.describe()).historyLength).toBe(before);
  });

  it('meets the next run when this one goes on as new, and is answered the same there', async () => {
    const workflowId = await start();
    const one = command();
    await send(workflowId, one);
    const handle = environment.client.workflow.getHandle(workflowId);
    const storm = Array.from({ length: 20 }, () => send(workflowId, command()));
    await handle.signal('next');
    await Promise.all(storm);
    await expect.poll(async () => (await send(workflowId, one)).run).toBeGreaterThan(1);
    expect((await send(workflowId, one)).count).toBe(1);
    expect((await send(workflowId, command())).count).toBe(22);
  });

  it('to a workflow that has ended says so', async () => {
    const workflowId = await start();
    await environment.client.workflow.getHandle(workflowId).signal('end');
    await environment.client.workflow.getHandle(workflowId).result();
    const error: unknown = await send(workflowId, command()).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(WorkflowNotFoundError);
  });

  it('with a recorded answer gets it, whatever the workflow answers now', async () => {
    const workflowId = await start();
    const refused = command({ refuse: true });
    const asked: string[][] = [];
    const onRecord = async (...about: string[]) => {
      asked.push(about);
      return about[1] === refused.commandId ? { count: 9, run: 1 } : undefined;
    };
    const sendKnown = (one: Decision<object>) =>
      sendCommand<object>(environment.client, workflowId, 'step', one, {
        deadline: 5_000,
        onRecord,
      });
    expect(await sendKnown(refused)).toEqual({ count: 9, run: 1 });
    await expect(sendKnown(command({ refuse: true }))).rejects.toBeInstanceOf(WorkflowUpdateFailedError);
    expect(await sendKnown(command())).toEqual({ count: 1, run: 1 });
    expect(asked).toHaveLength(2);
    await environment.client.workflow.getHandle(workflowId).signal('end');
    await environment.client.workflow.getHandle(workflowId).result();
    expect(await sendKnown(refused)).toEqual({ count: 9, run: 1 });
    await expect(sendKnown(command())).rejects.toBeInstanceOf(WorkflowNotFoundError);
  });

  it('starts once what should run and does not yet', async () => {
    const workflowId = `counting:${++made}`;
    let asked = 0;
    const ensure = async (id: string) => {
      asked += 1;
      await environment.client.workflow.start('counting', { workflowId: id, taskQueue: QUEUE });
      return true;
    };
    expect(await send(workflowId, command(), 10_000, ensure)).toEqual({ count: 1, run: 1 });
    expect(asked).toBe(1);
    await expect(send(`counting:${++made}`, command(), 2_000, async () => false)).rejects.toBeInstanceOf(
      WorkflowNotFoundError,
    );
  });

  it('waits for one that somebody else is starting, and says when to come back where that takes too long', async () => {
    const workflowId = `counting:${++made}`;
    let asked = 0;
    const elsewhere = async () => {
      asked += 1;
      if (asked === 3) await environment.client.workflow.start('counting', { workflowId, taskQueue: QUEUE });
      return true;
    };
    expect(await send(workflowId, command(), 10_000, elsewhere)).toEqual({ count: 1, run: 1 });
    expect(asked).toBe(3);
    const late: unknown = await send(`counting:${++made}`, command(), 500, async () => true).catch((e: unknown) => e);
    expect(problemOf(late)).toMatchObject({ status: 503, code: 'engine_unavailable' });
  });

  it('whose outcome is not known in time can be sent again', async () => {
    const workflowId = await start();
    const slow = command({ slow: true });
    const late: unknown = await send(workflowId, slow, 1_000).catch((e: unknown) => e);
    expect(problemOf(late)).toMatchObject({ status: 503, code: 'outcome_unknown' });
    await environment.client.workflow.getHandle(workflowId).signal('next');
    expect((await send(workflowId, slow)).count).toBe(1);
  });
});

it('does not hang where nobody listens', async () => {
  const port = await new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
  const client = openTemporal({ connection: { address: `127.0.0.1:${port}` }, namespace: 'default' });
  expect(await temporalAnswers(client, 500)).toBe(false);
  const nobody: unknown = await sendCommand(client, 'counting:0', 'step', command(), { deadline: 700 }).catch(
    (e: unknown) => e,
  );
  expect(problemOf(nobody).status).toBe(503);
  await client.connection.close();
  expect(await temporalAnswers(environment.client, 2_000)).toBe(true);
});
