import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type WorkflowBundlePath } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY } from '../../domain/time.ts';
import { replay } from '../replay/histories.ts';
import { devServerEnvironment, workflowBundle } from '../support/temporal.ts';
import { eventually, fakeActivities, JUST_NOW, journeyInput, RULES, startJourney } from './journeyHarness.ts';

let env: TestWorkflowEnvironment;
let bundle: WorkflowBundlePath;

beforeAll(async () => {
  [env, bundle] = await Promise.all([devServerEnvironment(), workflowBundle()]);
});
afterAll(async () => {
  await env?.teardown();
});

type Person = Awaited<ReturnType<typeof startJourney>>;

async function replays({ handle }: Person): Promise<void> {
  const history: object = JSON.parse(historyToJSON(await handle.fetchHistory()));
  expect(await replay(bundle, { workflowId: handle.workflowId, history })).toBeUndefined();
}

/** Runs `work` beside a worker of this queue, which is gone afterwards: it keeps no workflow that others would wait for. */
async function onQueue(taskQueue: string, activities: object, work: () => Promise<void>): Promise<void> {
  const options = { connection: env.nativeConnection, taskQueue, workflowBundle: bundle, activities };
  await (await Worker.create({ ...options, maxCachedWorkflows: 0 })).runUntil(work);
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('what one activation set in motion', () => {
  it('is recorded together: signals and updates that come at once, and all that follows from them', async () => {
    const fake = fakeActivities();
    const queue = `together-${Math.random().toString(36).slice(2)}`;
    const person = await startJourney(env, journeyInput({ registration: { consent: 'pending' } }), queue);
    // Nobody works on this queue yet, so all of these meet the first workflow task.
    await person.travel({ kind: 'seatAssigned', movementId: 'mov_1', leg: 'evacuation', seat: 'seat' });
    await person.handle.signal('householdChanged', [
      { key: 'h', at: JUST_NOW, journeyId: 'jrn_other', ending: 'declined' },
    ]);
    const commands = [
      person.command('completeScreening', 'case_worker', { risk: 'none' }),
      person.command('giveConsent', 'case_worker', {
        form: 'explicit',
        sharing: false,
        ownState: false,
        consulates: [],
      }),
      person.command('confirmIdentity', 'case_worker'),
    ];
    await pause(300);
    await onQueue(queue, fake.activities, async () => {
      const answers = await Promise.all(commands);
      const [first] = fake.batches;
      expect(first?.events.map(({ type }) => type).toSorted()).toEqual(
        [
          'journeyStarted',
          'seatAssigned',
          'householdChanged',
          'screened',
          'consentGiven',
          'identityConfirmed',
        ].toSorted(),
      );
      // Three phases have ended by these events, and what the next ones wait for goes with them.
      expect(first?.waits.map(({ key }) => key).toSorted()).toEqual(['boarding', 'consentAge', 'fitness', 'household']);
      expect(new Set(answers.map(({ seq }) => seq)).size).toBe(3);
      expect(fake.batches).toHaveLength(1);
      await replays(person);
      await person.handle.terminate('seen');
    });
  });

  it('is the same in a replay, whichever of several local activities is done first', async () => {
    let calls = 0;
    const fake = fakeActivities({
      // waits that are due together request together, and the one that asked first is answered last
      suspensionOverlap: async () => {
        await pause([120, 20, 70][calls++ % 3] ?? 0);
        return { overlap: 0, open: false };
      },
    });
    const { record } = fake.activities;
    fake.activities.record = async (batch) => {
      await pause(30);
      return record(batch);
    };
    // Less than a second is not slept: both request at once, in the first workflow task.
    const together = { due: 500, remind: null, escalate: null };
    const deadlines = { ...RULES.domestic.deadlines, identityDecision: together, consentDecision: together };
    const rules = { ...RULES.domestic, deadlines };
    const queue = `due-${Math.random().toString(36).slice(2)}`;
    const person = await startJourney(env, journeyInput({ rules, registration: { consent: 'pending' } }), queue);
    // Nobody works on this queue yet: the screening is complete in the first task, and the identity is asked for.
    const screening = person.command('completeScreening', 'case_worker', { risk: 'none' });
    await pause(300);
    await onQueue(queue, fake.activities, async () => {
      await screening;
      const steps = () => fake.types().filter((type) => type === 'waitDue').length;
      await eventually(() => steps() >= 2, 'both waits to be due');
      await person.quiet();
      expect(calls).toBe(2);
      await replays(person);
      expect(fake.event_log().map(({ seq }) => seq)).toEqual(fake.event_log().map((_, index) => index + 1));
      await person.handle.terminate('seen');
    });
  });

  it.each([0, 1_000])('is the same where %i workflows are kept in memory', async (maxCachedWorkflows) => {
    const fake = fakeActivities();
    const queue = `cached-${Math.random().toString(36).slice(2)}`;
    const worker = await Worker.create({
      connection: env.nativeConnection,
      taskQueue: queue,
      workflowBundle: bundle,
      activities: fake.activities,
      maxCachedWorkflows,
    });
    await worker.runUntil(async () => {
      const person = await startJourney(env, journeyInput({ registration: { consent: 'pending' } }), queue);
      await Promise.all([
        person.command('confirmIdentity', 'case_worker'),
        person.command('completeScreening', 'case_worker', { risk: 'none' }),
        person.command('giveConsent', 'case_worker', {
          form: 'explicit',
          sharing: true,
          ownState: true,
          consulates: [],
        }),
      ]);
      await eventually(() => fake.types().includes('fitnessRequested'), 'the clinic to be asked');
      await Promise.all([
        person.partner('req_fitness_1', { kind: 'fitness', result: 'unfit', conditions: [] }),
        person.command('raiseHold', 'case_worker', { holdId: 'hld_1' }),
        person.travel({ kind: 'seatAssigned', movementId: 'mov_1', leg: 'evacuation', seat: 'seat' }),
      ]);
      await eventually(() => fake.types().includes('fitnessFound'), 'the finding');
      await person.command('releaseHold', 'protection_lead', { holdId: 'hld_1' });
      await replays(person);
      expect(fake.event_log().map(({ seq }) => seq)).toEqual(fake.event_log().map((_, index) => index + 1));
      await person.handle.terminate('seen');
    });
  });

  it('leaves a wait open that held between two messages only: a seat given and taken back at once', async () => {
    const fake = fakeActivities();
    const queue = `both-${Math.random().toString(36).slice(2)}`;
    const person = await startJourney(env, journeyInput(), queue);
    const seat = (kind: string) => ({ kind, movementId: 'mov_1', leg: 'evacuation', seat: 'seat' });
    const waits = () => fake.batches.at(-1)?.waits.map(({ key }) => key) ?? [];
    await onQueue(queue, fake.activities, async () => {
      const far = (await env.currentTimeMs()) + 100 * DAY;
      await person.command('completeScreening', 'case_worker', { risk: 'none' });
      await eventually(() => fake.types().includes('fitnessRequested'), 'the clinic to be asked');
      await person.partner('req_fitness_1', { kind: 'fitness', result: 'fit', conditions: [], until: far });
      await eventually(() => waits().includes('seat'), 'a seat awaited');
    });
    // Nobody works on this queue now, so the next workflow task meets both.
    await person.travel(seat('seatAssigned'));
    await person.travel(seat('seatReleased'));
    await onQueue(queue, fake.activities, async () => {
      await eventually(() => fake.types().includes('seatReleased'), 'both messages');
      expect(waits()).toContain('seat');
      await person.travel(seat('seatAssigned'));
      await person.travel(seat('arrived'));
      await eventually(() => waits().includes('reception'), 'the reception awaited');
      await person.command('receive', 'case_worker');
      const seats = fake.types().filter((type) => type.startsWith('seat'));
      expect(seats).toEqual(['seatAwaited', 'seatAssigned', 'seatReleased', 'seatAssigned']);
      await replays(person);
      await person.handle.terminate('seen');
    });
  });
});
