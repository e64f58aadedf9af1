import { afterAll, beforeAll, expect, it } from 'vitest';
import { type TestSystem, testSystem } from './system.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await testSystem();
});
afterAll(() => system?.close());

const metrics = async (): Promise<string> => (await system.inject({ method: 'GET', url: '/metrics' })).text;

it('workflows of a version without a worker are counted, and forgotten when they go on', async () => {
  system.answers.suspended = async () => [{ buildId: 'a1b2', openWorkflows: 684, oldestTaskSeconds: 90 }];
  const text = await metrics();
  expect(text).toMatch(/^workflows_without_worker\{version="a1b2"\} 684$/m);
  expect(text).toMatch(/^oldest_task_without_worker_seconds\{version="a1b2"\} 90$/m);

  system.answers.suspended = async () => [];
  expect(await metrics()).not.toMatch(/^workflows_without_worker\{/m);
});

it('the other metrics are told while Temporal is away', async () => {
  system.answers.suspended = async () => Promise.reject(new Error('away'));
  const text = await metrics();
  expect(text).not.toMatch(/^workflows_without_worker\{/m);
  expect(text).toMatch(/^starts_waiting 0$/m);
});
