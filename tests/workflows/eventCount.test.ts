import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ALLOWED_EVENTS, FEWEST_EVENTS } from '../../bench/reference.ts';
import { timeSkippingEnvironment, workflowBundle } from '../support/temporal.ts';
import { runReferenceJourney } from './referenceJourney.ts';

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await timeSkippingEnvironment();
});
afterAll(async () => {
  await env?.teardown();
});

it(`B12: the reference journey takes at most ${ALLOWED_EVENTS} × its analytic minimum of ${FEWEST_EVENTS} events`, async () => {
  const { histories, types } = await runReferenceJourney(env, await workflowBundle());
  const events = histories.reduce((sum, history) => sum + (history.events?.length ?? 0), 0);
  console.log(`B12: ${events} events against ${FEWEST_EVENTS}, ratio ${(events / FEWEST_EVENTS).toFixed(3)}`);
  expect(types.at(-1)).toBe('journeyEnded');
  expect(types.filter((type) => type === 'followUpDone')).toHaveLength(4);
  expect(events).toBeLessThanOrEqual(FEWEST_EVENTS * ALLOWED_EVENTS);
  // fewer than the minimum would mean that the sum is wrong, not that we are better
  expect(events).toBeGreaterThanOrEqual(FEWEST_EVENTS);
});
