import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { withHeartbeat } from '../../activities/requests.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('a long call sends a heartbeat every five seconds, and none after its end', async () => {
  const environment = new MockActivityEnvironment();
  let beats = 0;
  environment.on('heartbeat', () => {
    beats += 1;
  });
  const { call } = withHeartbeat({
    call: (input: { ms: number }) => new Promise<string>((resolve) => setTimeout(resolve, input.ms, 'answered')),
  });
  const running = environment.run(call, { ms: 12_000 });
  await vi.advanceTimersByTimeAsync(12_000);
  expect(await running).toBe('answered');
  expect(beats).toBe(2);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(beats).toBe(2);
});

it('a failing call fails unchanged, and sends no heartbeat afterwards', async () => {
  const environment = new MockActivityEnvironment();
  let beats = 0;
  environment.on('heartbeat', () => {
    beats += 1;
  });
  const { call } = withHeartbeat({
    call: async (_input: object): Promise<string> => {
      throw new RangeError('no');
    },
  });
  await expect(environment.run(call, {})).rejects.toThrow('no');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(beats).toBe(0);
});
