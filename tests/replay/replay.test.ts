import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { workflowBundle } from '../support/temporal.ts';

type Recorded = { workflowId: string; history: { events: Array<Record<string, unknown>> } };

const folder = join(import.meta.dirname, 'histories');
const recorded = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => ({ name, ...(JSON.parse(readFileSync(join(folder, name), 'utf8')) as Recorded) }));

beforeAll(() => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
});

async function replay(histories: Recorded[]): Promise<Map<string, Error | undefined>> {
  const results = new Map<string, Error | undefined>();
  const played = Worker.runReplayHistories(
    { workflowBundle: await workflowBundle() },
    histories.map(({ workflowId, history }) => ({ workflowId, history: historyFromJSON(history) })),
  );
  for await (const { workflowId, error } of played) results.set(workflowId, error);
  return results;
}

describe('recorded histories', () => {
  it('are there for every kind of workflow', () => {
    for (const kind of ['journey', 'movement', 'operation', 'importList']) {
      expect(
        recorded.some(({ name }) => name.startsWith(`${kind}-`)),
        kind,
      ).toBe(true);
    }
  });

  it(`replay, all ${recorded.length} of them`, async () => {
    const results = await replay(recorded);
    expect([...results.values()].filter((error) => error !== undefined)).toEqual([]);
    expect(results.size).toBe(new Set(recorded.map(({ workflowId }) => workflowId)).size);
  });

  it('a workflow that no longer does what it did is found out', async () => {
    const journey = recorded.find(({ name }) => name.startsWith('journey-continued'));
    expect(journey).toBeDefined();
    if (!journey) return;
    // The same history, in which another activity had been asked for: as a changed workflow would see the old one.
    const text = JSON.stringify(journey.history)
      .replaceAll('"lookUpIdentity"', '"askSomebodyElse"')
      .replaceAll('"record"', '"note"');
    const [error] = [...(await replay([{ workflowId: journey.workflowId, history: JSON.parse(text) }])).values()];
    expect(error?.message).toMatch(/TMPRL1100|[Nn]ondeterminism/);
  });
});
