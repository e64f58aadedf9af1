import type { Client } from '@temporalio/client';
import { expect, it } from 'vitest';
import { workflowGateway } from '../../../adapters/temporal/workflowGateway.ts';
import * as names from '../../../workflows/messages.ts';

it('a list, a movement and an operation go before the journeys that begin', async () => {
  const started: Array<[string, unknown]> = [];
  const client = {
    connection: { withDeadline: async (_: number, work: () => Promise<unknown>) => work() },
    workflow: {
      start: async (workflow: string, { priority }: { priority: unknown }) => {
        started.push([workflow, priority]);
      },
    },
  };
  const gateway = workflowGateway(client as unknown as Client, names);
  for (const workflow of ['journey', 'importList', 'movement', 'operation']) {
    await gateway.start({ workflowId: `${workflow}:x`, workflow, taskQueue: 'homeward', input: {} });
  }
  expect(started).toEqual([
    ['journey', { priorityKey: 3 }],
    ['importList', { priorityKey: 2 }],
    ['movement', { priorityKey: 2 }],
    ['operation', { priorityKey: 2 }],
  ]);
});
