import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { WorkflowBundlePath } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { STANDARD_DEADLINES } from '../../domain/rules.ts';
import { REAL_CLOCK } from '../../domain/time.ts';
import { workflowId } from '../../workflows/messages.ts';
import { timeSkippingEnvironment, workflowBundle } from '../support/temporal.ts';
import { eventually, fakeActivities, OFFICER, withWorker } from './journeyHarness.ts';
import { fakeMovement } from './movementHarness.ts';

/**
 * State and rules have got a field and a deadline since these were stored (`cancelRequested`, `cancelRequest`). What was
 * started before goes on: its own waits, and what asks for the new field and the new deadline.
 */

let env: TestWorkflowEnvironment;
let bundle: WorkflowBundlePath;

beforeAll(async () => {
  [env, bundle] = await Promise.all([timeSkippingEnvironment(), workflowBundle()]);
});
afterAll(async () => {
  await env?.teardown();
});

type Stored = Record<string, unknown> & { state: { seq: number } };
const stored = (name: string): Stored =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../stored', `${name}.json`), 'utf8'));

it.each(['journey', 'movement', 'operation'] as const)('a %s of the old form goes on', async (kind) => {
  const carried = stored(`${kind}-carried/1`);
  const fake = kind === 'movement' ? fakeMovement() : fakeActivities();
  const activities = { setPhase: async () => {}, ...fake.activities };
  const id = `${kind}_old`;
  const input = { ...stored(`${kind}-input/1`), [`${kind}Id`]: id, clock: REAL_CLOCK, carried };
  await withWorker(env, bundle, activities, async (taskQueue) => {
    const handle = await env.client.workflow.start(kind, {
      taskQueue,
      workflowId: workflowId[kind](id),
      args: [input],
    });
    await handle.cancel();
    const wait = () => fake.batches.at(-1)?.waits.find(({ key }) => key === 'cancelRequest');
    await eventually(() => wait() !== undefined, 'the task for the new deadline');
    const { due, since } = wait() ?? { since: 0 };
    expect((due ?? 0) - since).toBe(STANDARD_DEADLINES.cancelRequest.due);
    // waits of its own that were due meanwhile may have come first
    expect(fake.event_log()[0]?.seq).toBe(carried.state.seq + 1);
    expect(fake.types()).toContain('cancelRequested');
    const args = kind === 'operation' ? { area: 'health', phase: 'after' } : {};
    const command = { commandId: 'goes-on', actor: OFFICER('coordinator'), args, reasonCode: 'test' };
    const name = { journey: 'reconfirmConsent', movement: 'allocateSeats', operation: 'setPhase' }[kind];
    const actor = kind === 'journey' ? OFFICER('case_worker') : command.actor;
    await handle.executeUpdate(name, { args: [{ ...command, actor }], updateId: command.commandId });
    const made = { journey: 'consentReconfirmed', movement: 'seatsAllocated', operation: 'phaseSet' }[kind];
    expect(fake.types()).toContain(made);
    await handle.terminate('seen');
  });
});
