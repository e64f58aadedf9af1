import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SendInput, SendOutcome } from '../../activities/requests.ts';
import { DAY, HOUR } from '../../domain/time.ts';
import { timeSkippingEnvironment, workflowBundle } from '../support/temporal.ts';
import { eventually, fakeActivities, journeyInput, RULES, startJourney, withWorker } from './journeyHarness.ts';

/*
 * Every open journey has a wait, and it is for whoever can do something about it. Each case was seen broken.
 */

let env: TestWorkflowEnvironment;
let bundle: Awaited<ReturnType<typeof workflowBundle>>;
beforeAll(async () => {
  bundle = await workflowBundle();
});
// A server for each case: one that skips time for all of them waits for what an earlier case left on its way.
beforeEach(async () => {
  env = await timeSkippingEnvironment();
});
afterEach(async () => {
  await env?.teardown();
});

type Person = Awaited<ReturnType<typeof startJourney>>;
type Registration = Parameters<typeof journeyInput>[0] extends infer I ? NonNullable<I> : never;

const ABROAD: Registration = { rules: RULES.abroad, registration: { route: ['return'] } };

async function onTheWay(
  over: Registration,
  fake: ReturnType<typeof fakeActivities>,
  work: (person: Person, waits: () => string[]) => Promise<void>,
): Promise<void> {
  await withWorker(env, bundle, fake.activities, async (queue) => {
    const registeredAt = await env.currentTimeMs();
    const input = journeyInput({ ...over, registration: { registeredAt, ...over.registration } });
    const person = await startJourney(env, input, queue);
    const waits = () =>
      fake.batches
        .at(-1)
        ?.waits.map(({ key, whom }) => `${key} of ${whom.id}`)
        .toSorted() ?? [];
    try {
      await work(person, waits);
      // The invariant, at the end of each case: nobody stands without a wait.
      const { status } = await person.handle.describe();
      if (status.name === 'RUNNING') expect(waits()).not.toEqual([]);
    } finally {
      // A task that is on its way when its workflow is ended keeps the server from skipping time.
      await person.quiet().catch(() => {});
      await person.handle.terminate('seen').catch(() => {});
    }
  });
}

const has = (waits: () => string[], wait: string) =>
  eventually(() => waits().includes(wait), `${wait} (${waits().join()})`);
const screened = (person: Person, risk = 'none') =>
  person.command('completeScreening', 'case_worker', { risk, holdId: 'hld_screening' });

describe('before screening', () => {
  it('nothing is asked of any office, the registry included, which may be the State’s own', async () => {
    const fake = fakeActivities();
    await onTheWay(ABROAD, fake, async (person, waits) => {
      await has(waits, 'screening of case_worker');
      await person.quiet();
      await env.sleep(3 * DAY);
      expect(fake.calls).not.toHaveProperty('registry');
      await screened(person);
      await eventually(() => fake.types().includes('verificationRequested'), 'the consulate');
      expect(fake.types().indexOf('screened')).toBeLessThan(fake.types().indexOf('identityConfirmed'));
    });
  });

  it('an elevated risk is for protection within three hours, is no hold, and nothing is disclosed until it is decided', async () => {
    const fake = fakeActivities();
    await onTheWay(ABROAD, fake, async (person, waits) => {
      await screened(person, 'elevated');
      await has(waits, 'riskDecision of protection_officer');
      await has(waits, 'identity of case_worker');
      const wait = fake.batches.at(-1)?.waits.find(({ key }) => key === 'riskDecision');
      expect((wait?.due ?? 0) - (wait?.since ?? 0)).toBe(3 * HOUR);
      await person.command('confirmIdentity', 'case_worker');
      await person.quiet();
      expect(fake.calls).toEqual({});
      expect(fake.types()).not.toContain('holdRaised');
      await person.command('decideRisk', 'protection_officer');
      await eventually(() => fake.types().includes('verificationRequested'), 'the consulate');
    });
  });

  it('an acute risk is a hold at once, and protection looks at it within the hour', async () => {
    const fake = fakeActivities();
    await onTheWay(ABROAD, fake, async (person, waits) => {
      await screened(person, 'acute');
      await has(waits, 'holdTriage of protection_officer');
      const wait = fake.batches.at(-1)?.waits.find(({ key }) => key === 'holdTriage');
      expect((wait?.due ?? 0) - (wait?.since ?? 0)).toBe(HOUR);
      expect(fake.calls).toEqual({});
    });
  });
});

describe('a hold', () => {
  it('is looked at in a day and reviewed every three days, a child’s every day, until it is released', async () => {
    for (const [child, days] of [
      [false, 3],
      [true, 1],
    ] as const) {
      const fake = fakeActivities();
      await onTheWay({ registration: { holds: ['hld_1'], child } }, fake, async (person, waits) => {
        await has(waits, 'holdTriage of protection_officer');
        await person.command('reviewHolds', 'protection_officer');
        await has(waits, 'holdReview of protection_officer');
        const review = () => fake.batches.at(-1)?.waits.find(({ key }) => key === 'holdReview');
        const first = review();
        expect((first?.due ?? 0) - (first?.since ?? 0)).toBe(days * DAY);
        await person.quiet();
        await env.sleep(days * DAY + HOUR);
        await eventually(() => review()?.escalationStep === 'due', 'the review to be late');
        await person.command('reviewHolds', 'protection_officer');
        await eventually(() => review()?.escalationStep === 'waiting', 'the next review');
        await person.command('releaseHold', 'protection_lead', { holdId: 'hld_1' });
        await eventually(() => review() === undefined, 'no more review');
      });
    }
  });
});

describe('who could be asked, and is not', () => {
  it('consent without sharing on a route abroad: somebody asks the person, or records what offices say on paper', async () => {
    const fake = fakeActivities();
    await onTheWay(
      { ...ABROAD, registration: { ...ABROAD.registration, consent: 'pending' } },
      fake,
      async (person, waits) => {
        await person.command('giveConsent', 'case_worker', {
          form: 'explicit',
          sharing: false,
          ownState: false,
          consulates: [],
        });
        await screened(person);
        await person.command('confirmIdentity', 'case_worker');
        await has(waits, 'sharing of case_worker');
        const paper = { partnerId: 'par_paper', outcome: 'confirmed', evidence: 'consular_letter' };
        await person.command('recordNationality', 'consular_officer', paper);
        await person.command('recordExitPermit', 'coordinator', { outcome: 'granted', evidence: 'exit_visa' });
        await person.command('recordDocument', 'consular_officer', {
          documentId: 'doc_1',
          validUntil: (await env.currentTimeMs()) + 400 * DAY,
        });
        await eventually(() => !waits().includes('sharing of case_worker'), 'nothing to share any more');
        expect(fake.calls).toEqual({});
      },
    );
  });

  it('a registry that is down while staff confirm the identity holds nobody up', async () => {
    const fake = fakeActivities({
      sending: {
        registry: () =>
          new Promise<SendOutcome>((resolve) => setTimeout(() => resolve({ outcome: 'no_partner' }), 2_000)),
      },
    });
    await onTheWay(ABROAD, fake, async (person, waits) => {
      await screened(person);
      await has(waits, 'identity of registry');
      await person.command('confirmIdentity', 'case_worker');
      await eventually(
        () => fake.types().includes('verificationRequested'),
        'the consulate, while the registry is silent',
      );
      expect(fake.types()).not.toContain('identityUnclear');
      // Not left on its way: the server would skip no time.
      await new Promise((resolve) => setTimeout(resolve, 2_500));
    });
  });

  it('no permit office: a coordinator is told, and it is asked again when there is one', async () => {
    let there = false;
    const fake = fakeActivities({
      sending: {
        exit_permit: async (input) =>
          there
            ? { outcome: 'requested', requestId: 'req_exitPermit_1', partnerId: 'par_border', at: input.at }
            : { outcome: 'no_partner' },
      },
    });
    await onTheWay(ABROAD, fake, async (person, waits) => {
      await screened(person);
      await has(waits, 'exitPermitStopped of coordinator');
      await person.quiet();
      await env.sleep(5 * DAY);
      expect(fake.types().filter((type) => type === 'partnerMissing')).toHaveLength(1);
      const wait = fake.batches.at(-1)?.waits.find(({ key }) => key === 'exitPermitStopped');
      expect(wait).toMatchObject({ what: 'partnerMissing', escalationStep: 'escalated' });
      there = true;
      await person.quiet();
      await env.sleep(2 * DAY);
      await eventually(() => fake.types().includes('exitPermitRequested'), 'the office');
      await eventually(() => !waits().includes('exitPermitStopped of coordinator'), 'the wait to end');
    });
  });

  it('a member who has not consented: nothing is asked for the others, they wait for the household until it is over', async () => {
    let open = true;
    const blocked: SendOutcome = { outcome: 'blocked', reasons: ['members_open'] };
    const asked =
      (kind: string) =>
      async (input: SendInput): Promise<SendOutcome> =>
        open ? blocked : { outcome: 'requested', requestId: `req_${kind}`, partnerId: `par_${kind}`, at: input.at };
    const sending = {
      fitness: asked('fitness'),
      verification: asked('verification'),
      exit_permit: asked('exitPermit'),
    };
    const fake = fakeActivities({ sending });
    await onTheWay(ABROAD, fake, async (person, waits) => {
      await screened(person);
      await has(waits, 'members of household');
      await person.quiet();
      await env.sleep(300 * DAY);
      const sent = ['fitnessRequested', 'verificationRequested', 'exitPermitRequested'];
      expect(fake.types().filter((type) => sent.includes(type))).toEqual([]);
      open = false;
      await person.handle.signal('membersReady', { key: 'mate:1', unready: true });
      await eventually(() => fake.types().includes('fitnessRequested'), 'the clinic');
      await eventually(() => !waits().includes('members of household'), 'the wait to end');
    });
  });

  it('offices are asked for a leg that needs them, and for nothing else', async () => {
    const fake = fakeActivities();
    await onTheWay({}, fake, async (person) => {
      await screened(person);
      await eventually(() => fake.types().includes('fitnessRequested'), 'the clinic');
      await person.quiet();
      expect(fake.calls).not.toHaveProperty('verification');
      expect(fake.calls).not.toHaveProperty('exitPermit');
    });
  });
});

describe('what does not last', () => {
  it('consent is confirmed again before it is too old, by somebody whose task it is', async () => {
    const fake = fakeActivities();
    await onTheWay({}, fake, async (person, waits) => {
      await screened(person);
      await has(waits, 'consentAge of person');
      await person.quiet();
      await env.sleep(26 * DAY);
      await has(waits, 'consentConfirmation of case_worker');
      expect(waits()).not.toContain('consentAge of person');
      await person.command('reconfirmConsent', 'case_worker');
      await has(waits, 'consentAge of person');
    });
  });

  it('a document’s end is noticed fourteen days before, and is a wait of its own when it no longer counts', async () => {
    const fake = fakeActivities();
    const now = await env.currentTimeMs();
    const document = { documentId: 'doc_old', validUntil: now + 40 * DAY };
    await onTheWay({ ...ABROAD, registration: { ...ABROAD.registration, document } }, fake, async (person, waits) => {
      await screened(person);
      await has(waits, 'documentEnd of person');
      await person.quiet();
      // 40 days, less 7 after the arrival, less 14 of notice
      await env.sleep(20 * DAY);
      await has(waits, 'documentRenewal of consular_officer');
      await person.quiet();
      await env.sleep(15 * DAY);
      await has(waits, 'document of consular_officer');
      expect(fake.types()).toContain('documentExpired');
    });
  });

  it('a document that is too short already is no seat that is waited for', async () => {
    const fake = fakeActivities();
    await onTheWay(ABROAD, fake, async (person, waits) => {
      await screened(person);
      await person.command('recordDocument', 'case_worker', {
        documentId: 'doc_1',
        validUntil: (await env.currentTimeMs()) + 3 * DAY,
      });
      await has(waits, 'document of consular_officer');
      expect(waits()).not.toContain('documentEnd of person');
    });
  });
});

describe('a seat', () => {
  it('is waited for since the family was ready, whatever becomes of ships and health checks', async () => {
    const fake = fakeActivities();
    await onTheWay({}, fake, async (person) => {
      const far = (await env.currentTimeMs()) + 100 * DAY;
      await screened(person);
      await eventually(() => fake.types().includes('fitnessRequested'), 'the clinic');
      await person.partner('req_fitness_1', { kind: 'fitness', result: 'fit', conditions: [], until: far });
      const seat = () => fake.batches.at(-1)?.waits.find(({ key }) => key === 'seat');
      await eventually(() => seat() !== undefined, 'a seat awaited');
      const since = seat()?.since;
      const move = (kind: string) => person.travel({ kind, movementId: 'mov_1', leg: 'evacuation', seat: 'seat' });
      for (let ship = 0; ship < 3; ship++) {
        await move('seatAssigned');
        await eventually(() => seat() === undefined, 'a seat');
        await person.quiet();
        await env.sleep(HOUR);
        await move('seatReleased');
        await eventually(() => seat() !== undefined, 'a seat awaited again');
        expect(seat()?.since).toBe(since);
      }
    });
  });

  it('a route can be decided anew, by the legs that the rules have', async () => {
    const fake = fakeActivities();
    await onTheWay({ registration: { route: ['nowhere'] } }, fake, async (person, waits) => {
      await screened(person);
      await expect(person.command('decideRoute', 'coordinator', { route: ['sea'] })).rejects.toThrow('Update failed');
      await person.command('decideRoute', 'coordinator', { route: ['evacuation'] });
      await eventually(() => fake.types().includes('routeDecided'), 'the route');
      expect(waits()).not.toEqual([]);
    });
  });
});
