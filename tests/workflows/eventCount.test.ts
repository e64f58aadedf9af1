import { readFileSync } from 'node:fs';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { timeSkippingEnvironment, workflowBundle } from '../support/temporal.ts';
import { runReferenceJourney } from './referenceJourney.ts';

const reference: { allowed: number; steps: Array<Record<string, number | string>> } = JSON.parse(
  readFileSync(new URL('../../bench/reference-journey.json', import.meta.url), 'utf8'),
);
const minimum = reference.steps
  .flatMap((step) => Object.values(step))
  .filter((value) => typeof value === 'number')
  .reduce((sum, events) => sum + events, 0);

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await timeSkippingEnvironment();
});
afterAll(async () => {
  await env?.teardown();
});

it(`B12: the reference journey takes at most ${reference.allowed} × its analytic minimum of ${minimum} events`, async () => {
  const { histories, types } = await runReferenceJourney(env, await workflowBundle());
  const events = histories.reduce((sum, history) => sum + (history.events?.length ?? 0), 0);
  console.log(`B12: ${events} events against ${minimum}, ratio ${(events / minimum).toFixed(3)}`);
  expect(types.at(-1)).toBe('journeyEnded');
  expect(types.filter((type) => type === 'followUpDone')).toHaveLength(4);
  expect(events).toBeLessThanOrEqual(minimum * reference.allowed);
  // fewer than the minimum would mean that the sum is wrong, not that we are better
  expect(events).toBeGreaterThanOrEqual(minimum);
});
