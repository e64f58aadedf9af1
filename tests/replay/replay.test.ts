import { DefaultLogger, Runtime } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { workflowBundle } from '../support/temporal.ts';
import { RECORDED, replay } from './histories.ts';

beforeAll(() => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
});

describe('recorded histories', () => {
  it('are there for every kind of workflow', () => {
    for (const kind of ['journey', 'movement', 'operation', 'importList', 'partnerFeed']) {
      expect(
        RECORDED.some(({ name }) => name.startsWith(`${kind}-`)),
        kind,
      ).toBe(true);
    }
  });

  it.each(RECORDED)('$name replays', async ({ workflowId, history, before = [] }) => {
    const bundle = await workflowBundle();
    for (const run of [...before, history]) expect(await replay(bundle, { workflowId, history: run })).toBeUndefined();
  });

  it('a workflow that no longer does what it did is found out', async () => {
    const journey = RECORDED.find(({ name }) => name.startsWith('journey-continued'));
    expect(journey).toBeDefined();
    if (!journey) return;
    // The same history, in which another activity had been asked for: as a changed workflow would see the old one.
    const text = JSON.stringify(journey.history)
      .replaceAll('"sendRequest"', '"askSomebodyElse"')
      .replaceAll('"record"', '"note"');
    const error = await replay(await workflowBundle(), { ...journey, history: JSON.parse(text) });
    expect(error?.message).toMatch(/TMPRL1100|[Nn]ondeterminism/);
  });
});
