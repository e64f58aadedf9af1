import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { restartFrom } from '../../domain/restart.ts';
import type { JourneyInput } from '../../workflows/messages.ts';
import { timeSkippingEnvironment, workflowBundle } from '../support/temporal.ts';
import {
  eventually,
  fakeActivities,
  type JourneyWork,
  journeyInput,
  OFFICER,
  RULES,
  withJourney as runJourney,
  startJourney,
  withWorker,
} from './journeyHarness.ts';

let env: TestWorkflowEnvironment;
let bundle: Awaited<ReturnType<typeof workflowBundle>>;

beforeAll(async () => {
  [env, bundle] = await Promise.all([timeSkippingEnvironment(), workflowBundle()]);
});
afterAll(async () => {
  await env?.teardown();
});

const ABROAD = { rules: RULES.abroad, registration: { route: ['return'] } };

const withJourney = (input: JourneyInput, work: JourneyWork, fake?: ReturnType<typeof fakeActivities>) =>
  runJourney(env, bundle, input, work, fake);

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

/*
 * What waits comes first: after an update that was refused, the test server skips no more time.
 */
describe('time', () => {
  it('ends no journey: a withdrawal that nobody confirms goes to the operation lead', async () => {
    await withJourney(journeyInput(), async ({ fake, person, seen }) => {
      await person.command('completeScreening', 'case_worker', { risk: 'none' });
      await seen('fitnessRequested');
      await person.command('withdrawConsent', 'case_worker');
      await eventually(() => waitOf(fake) !== undefined, 'the wait');
      await person.quiet();
      await env.sleep('3 days');
      await eventually(() => waitOf(fake)?.escalationStep === 'escalated', 'the escalation');
      expect(fake.types()).not.toContain('journeyEnded');
    });
  });
});

describe('lost contact', () => {
  it('takes attempts on three days by two channels; calls that reached nobody are not enough', async () => {
    await withJourney(journeyInput(), async ({ person }) => {
      const lost = () => person.command('endJourney', 'coordinator', { ending: 'lost_contact' });
      const tried = (channel: string, reached = false) =>
        person.command('recordContactAttempt', 'case_worker', { channel, reached });
      for (let call = 0; call < 4; call++) await tried('phone');
      for (let day = 0; day < 2; day++) {
        await person.quiet();
        await env.sleep('1 day');
        await tried('phone');
      }
      expect(await refusal(lost())).toContain('attempts on 3 of 3 days, by phone');
      await tried('visit');
      await lost();
      await tried('relative', true);
      expect(await refusal(person.confirmEnding('lost_contact'))).toContain('No ending is proposed');
      expect(await refusal(lost())).toContain('none');
    });
  });
});

describe('a death', () => {
  it('in transit is recorded at once, by one person, and the household is notified', async () => {
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
async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(WorkflowUpdateFailedError);
  return ((error as WorkflowUpdateFailedError).cause as ApplicationFailure).message;
}

const waitOf = (fake: ReturnType<typeof fakeActivities>) =>
  fake.batches.at(-1)?.waits.find(({ key }) => key === 'ending');

describe('a withdrawal', () => {
  it('acts at once by one hand; only the ending waits for a second person', async () => {
    await withJourney(journeyInput(ABROAD), async ({ fake, person, seen }) => {
      await person.command('completeScreening', 'case_worker', { risk: 'none' });
      await seen('verificationRequested');
      await person.command('withdrawConsent', 'case_worker');
      await seen('requestRecalled');
      expect(fake.types()).toContain('consentWithdrawn');
      expect(fake.types()).not.toContain('journeyEnded');
      await eventually(() => waitOf(fake) !== undefined, 'the wait');
      expect(waitOf(fake)).toMatchObject({ what: 'endingDecision', whom: { kind: 'role', id: 'duty_supervisor' } });
      expect(await refusal(person.confirmEnding('withdrawn', 'case_worker'))).toContain('second person');
      expect(await refusal(person.confirmEnding('ineligible'))).toContain('Another ending is proposed');
      await person.confirmEnding('withdrawn');
      expect(await person.handle.result()).toBe('withdrawn');
    });
  });

  it('is taken back by a new consent, and the journey goes on', async () => {
    await withJourney(journeyInput(ABROAD), async ({ fake, person, seen }) => {
      await person.command('completeScreening', 'case_worker', { risk: 'none' });
      await seen('verificationRequested');
      await person.command('withdrawConsent', 'case_worker');
      await eventually(() => waitOf(fake) !== undefined, 'the wait');
      expect(await refusal(person.command('rejectEnding', 'duty_supervisor', { ending: 'withdrawn' }))).toContain(
        'Only the person takes this back',
      );
      await person.command('giveConsent', 'case_worker', { form: 'explicit', sharing: true });
      await eventually(() => waitOf(fake) === undefined, 'no wait');
      expect(await refusal(person.confirmEnding('withdrawn'))).toContain('No ending is proposed');
    });
  });

  it('on board waits for protection; between two legs for a supervisor, since the same moment', async () => {
    const input = journeyInput({
      rules: { ...RULES.domestic, legs: ['sea', 'road'].map((code) => ({ ...RULES.domestic.legs[0]!, code })) },
      registration: { route: ['sea', 'road'] },
    });
    await withJourney(input, async ({ fake, person, seen }) => {
      await person.command('completeScreening', 'case_worker', { risk: 'none' });
      await person.travel({ kind: 'seatAssigned', movementId: 'mov_1', leg: 'sea', seat: 'seat' });
      await person.travel({ kind: 'boarded', movementId: 'mov_1' });
      await seen('boarded');
      await person.command('withdrawConsent', 'movement_officer');
      await eventually(() => waitOf(fake)?.whom.id === 'protection_lead', 'the wait for protection');
      const since = waitOf(fake)?.since;
      expect(await refusal(person.confirmEnding('withdrawn'))).toContain('one of the two people must be of protection');
      await person.travel({ kind: 'arrived', movementId: 'mov_1', leg: 'sea' });
      await eventually(() => waitOf(fake)?.whom.id === 'duty_supervisor', 'the wait for a supervisor');
      expect(waitOf(fake)?.since).toBe(since);
      expect(fake.types()).not.toContain('journeyEnded');
      await person.confirmEnding('withdrawn');
      expect(await person.handle.result()).toBe('withdrawn');
    });
  });
});

describe('an ending', () => {
  it('of a person under a hold takes two people, one of them of protection', async () => {
    await withJourney(journeyInput(), async ({ fake, person }) => {
      await person.command('raiseHold', 'case_worker', { holdId: 'hld_1' });
      await person.command('endJourney', 'coordinator', { ending: 'ineligible' });
      await eventually(() => waitOf(fake)?.whom.id === 'protection_lead', 'the wait for protection');
      expect(await refusal(person.confirmEnding('ineligible'))).toContain('must be of protection');
      await person.confirmEnding('ineligible', 'protection_officer');
      expect(await person.handle.result()).toBe('ineligible');
    });
  });

  it('refused in a list or at the desk is the end only when a second person says so', async () => {
    await withJourney(journeyInput({ registration: { consent: 'refused' } }), async ({ fake, person }) => {
      await person.command('refuseConsent', 'case_worker');
      expect(fake.types()).not.toContain('journeyEnded');
      expect(await refusal(person.command('refuseConsent', 'case_worker'))).toContain('proposed already');
      await person.confirmEnding('declined');
      expect(await person.handle.result()).toBe('declined');
    });
  });

  it('that was wrong is rejected, and another one may be proposed', async () => {
    await withJourney(journeyInput(), async ({ person }) => {
      await person.command('endJourney', 'coordinator', { ending: 'ineligible' });
      expect(await refusal(person.command('endJourney', 'protection_lead', { ending: 'referred_out' }))).toContain(
        'proposed already',
      );
      await person.command('rejectEnding', 'duty_supervisor', { ending: 'ineligible' });
      await person.command('endJourney', 'protection_lead', { ending: 'referred_out' });
      await person.confirmEnding('referred_out', 'operation_lead');
      expect(await person.handle.result()).toBe('referred_out');
    });
  });

  it('hands a held child over to a named authority', async () => {
    await withJourney(journeyInput({ registration: { holds: ['hld_1'] } }), async ({ fake, person }) => {
      await person.command('handOver', 'protection_lead', { authority: 'child_protection_service' });
      await person.confirmEnding('handed_over');
      expect(await person.handle.result()).toBe('handed_over');
      expect(fake.event_log().at(-1)?.data).toEqual({
        ending: 'handed_over',
        authority: 'child_protection_service',
      });
    });
  });
});

describe('a journey that was reopened', () => {
  it('goes on under its id where it stood, and may be ended again by two people', async () => {
    const input = journeyInput({ registration: { route: ['evacuation'] } });
    const fake = fakeActivities();
    await withWorker(env, bundle, fake.activities, async (queue) => {
      const person = await startJourney(env, input, queue);
      await person.command('completeScreening', 'case_worker', { risk: 'none' });
      await person.command('endJourney', 'coordinator', { ending: 'ineligible' });
      await person.confirmEnding('ineligible');
      expect(await person.handle.result()).toBe('ineligible');
      const events = fake.event_log();
      const seq = events.length + 1;
      const reopened = {
        ...{ seq, type: 'journeyReopened', at: Date.now(), actor: OFFICER('operation_lead') },
        data: { ending: 'ineligible', told: true, first: 'somebody' },
      };
      const carried = restartFrom('journey', [...events, reopened]);
      const again = await startJourney(env, { ...input, carried }, queue);
      await again.command('endJourney', 'coordinator', { ending: 'referred_out' });
      await again.confirmEnding('referred_out');
      expect(await again.handle.result()).toBe('referred_out');
      const late = fake.event_log().filter((event) => event.seq > seq);
      expect(late.map(({ seq: at }) => at)).toEqual(late.map((_event, index) => seq + 1 + index));
      expect(late.map(({ type }) => type)).not.toContain('journeyStarted');
    });
  });
});
