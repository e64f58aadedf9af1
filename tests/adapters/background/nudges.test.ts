import { afterEach, expect, it, vi } from 'vitest';
import { type Nudges, startNudges } from '../../../adapters/background/loop.ts';

const REST_MS = 20;
let nudges: Nudges;
let sent: string[];
afterEach(() => nudges.stop());

const log = { info: () => undefined, warn: vi.fn<(details: object, message: string) => void>() };
const start = (nudge: (endpointId: string) => Promise<void> = async (id) => void sent.push(id)) => {
  sent = [];
  nudges = startNudges(nudge, log, REST_MS);
};

it('sends what is asked for after passes that had nothing to ask for', async () => {
  start();
  for (const ids of [[], ['end_1'], [], [], ['end_2', 'end_1'], []]) {
    nudges.ask(ids);
    await vi.waitFor(() => expect(sent).toEqual(expect.arrayContaining(ids)));
    await new Promise((resolve) => setTimeout(resolve, 2 * REST_MS));
  }
  expect(sent).toEqual(['end_1', 'end_2', 'end_1']);
});

it('makes one nudge of many that come at once, and one more of those that come meanwhile', async () => {
  start();
  for (let time = 0; time < 100; time++) nudges.ask(['end_1']);
  await vi.waitFor(() => expect(sent).toHaveLength(2));
  await new Promise((resolve) => setTimeout(resolve, 5 * REST_MS));
  expect(sent).toHaveLength(2);
});

it('sends again what failed, and warns once', async () => {
  let failures = 2;
  start(async (id) => {
    if (failures-- > 0) throw new Error('away');
    sent.push(id);
  });
  nudges.ask(['end_1']);
  await vi.waitFor(() => expect(sent).toEqual(['end_1']), 10_000);
  expect(log.warn).toHaveBeenCalledTimes(1);
});
