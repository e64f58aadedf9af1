import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { timeSkippingEnvironment, workflowBundle } from '../support/temporal.ts';
import { eventually, fakeActivities, journeyInput, RULES, startJourney, withWorker } from './journeyHarness.ts';

let env: TestWorkflowEnvironment;
let bundle: Awaited<ReturnType<typeof workflowBundle>>;

beforeAll(async () => {
  [env, bundle] = await Promise.all([timeSkippingEnvironment(), workflowBundle()]);
});
afterAll(async () => {
  await env?.teardown();
});

const ABROAD = { rules: RULES.abroad, registration: { route: ['return'] } };

async function withJourney(
  input: ReturnType<typeof journeyInput>,
  work: (tools: {
    fake: ReturnType<typeof fakeActivities>;
    person: Awaited<ReturnType<typeof startJourney>>;
    seen: (type: string) => Promise<void>;
  }) => Promise<void>,
  fake = fakeActivities(),
): Promise<void> {
  await withWorker(env, bundle, fake.activities, async (queue) => {
    const person = await startJourney(env, input, queue);
    const seen = (type: string) => eventually(() => fake.types().includes(type), `${type} (${fake.types().join(' ')})`);
    await work({ fake, person, seen });
    await person.handle.terminate('test over').catch(() => {});
  });
}

/** Brings a person on board a movement that has left. */
async function underWay(
  person: Awaited<ReturnType<typeof startJourney>>,
  seen: (type: string) => Promise<void>,
): Promise<void> {
  await person.command('completeScreening', 'case_worker', { risk: 'none' });
  await person.travel({ kind: 'seatAssigned', movementId: 'mov_1', leg: 'evacuation', seat: 'seat' });
  await person.travel({ kind: 'boarded', movementId: 'mov_1' });
  await person.travel({ kind: 'departed', movementId: 'mov_1' });
  await seen('departed');
}

describe('a death', () => {
  it('in transit is recorded at once, by one person, and the household hears of it', async () => {
    await withJourney(journeyInput(), async ({ fake, person, seen }) => {
      await underWay(person, seen);
      await person.command('recordDeath', 'movement_officer');
      await person.travel({ kind: 'arrived', movementId: 'mov_1', leg: 'evacuation' }).catch(() => {});
      expect(await person.handle.result()).toBe('deceased');
      expect(fake.types()).toContain('deathRecorded');
      expect(fake.types()).not.toContain('arrived');
      expect(fake.calls['notifyHousehold']).toBe(1);
      expect(fake.batches.at(-1)?.waits).toEqual([]);
    });
  });

  it('recalls what was asked about the person, under a hold too', async () => {
    const recalled: string[] = [];
    const fake = fakeActivities({
      async recallRequest({ requestId }) {
        recalled.push(requestId);
        return { recalled: true };
      },
    });
    await withJourney(
      journeyInput(ABROAD),
      async ({ person, seen }) => {
        await person.command('completeScreening', 'case_worker', { risk: 'none' });
        await seen('verificationRequested');
        await seen('fitnessRequested');
        await person.command('raiseHold', 'case_worker', { holdId: 'hld_1' });
        await person.command('recordDeath', 'health_officer');
        expect(await person.handle.result()).toBe('deceased');
        expect(new Set(recalled)).toEqual(new Set(['req_verification_1', 'req_fitness_1', 'req_exitPermit_1']));
      },
      fake,
    );
  });
});

/** The sentence of a refusal. */
export async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(WorkflowUpdateFailedError);
  return ((error as WorkflowUpdateFailedError).cause as ApplicationFailure).message;
}
