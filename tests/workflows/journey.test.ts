import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SendOutcome } from '../../activities/requests.ts';
import { emptyJourney } from '../../domain/journeys/state.ts';
import { DAY, HOUR } from '../../domain/time.ts';
import type { JourneyInput, PartnerAnswered, Refusal } from '../../workflows/messages.ts';
import { timeSkippingEnvironment, workflowBundle } from '../support/temporal.ts';
import {
  eventually,
  fakeActivities,
  type JourneyWork,
  JUST_NOW,
  journeyInput,
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

/** Longer than any of these tests takes, by the server's own clock: time that others have skipped counts. */
const far = async (): Promise<number> => (await env.currentTimeMs()) + 4_000 * DAY;

const ABROAD = { rules: RULES.abroad, registration: { route: ['return'] } };

/** Runs one journey beside its fakes; `seen` waits for a event. */
type Person = Awaited<ReturnType<typeof startJourney>>;

const withJourney = (input: JourneyInput, work: JourneyWork, fake?: ReturnType<typeof fakeActivities>) =>
  runJourney(env, bundle, input, work, fake);

async function refusal(promise: Promise<unknown>): Promise<Refusal> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(WorkflowUpdateFailedError);
  const { cause } = error as WorkflowUpdateFailedError;
  expect(cause).toBeInstanceOf(ApplicationFailure);
  return (cause as ApplicationFailure).details?.[0] as Refusal;
}

describe('the way home', () => {
  it('goes from the list to the last follow-up, each event once and in order', async () => {
    await withJourney(journeyInput(), async ({ fake, person, seen }) => {
      await person.command('completeScreening', 'case_worker', { risk: 'none' });
      await seen('identityConfirmed');
      await seen('fitnessRequested');
      await person.partner('req_fitness_1', { kind: 'fitness', result: 'fit', conditions: [], until: await far() });
      await seen('fitnessFound');
      await person.travel({ kind: 'seatAssigned', movementId: 'mov_1', leg: 'evacuation', seat: 'seat' });
      await person.travel({ kind: 'boarded', movementId: 'mov_1' });
      await person.travel({ kind: 'departed', movementId: 'mov_1' });
      await person.travel({ kind: 'arrived', movementId: 'mov_1', leg: 'evacuation' });
      await seen('arrived');
      await person.command('receive', 'case_worker');
      await person.command('planReintegration', 'case_worker', { dimensions: ['economic'] });
      for (const month of [1, 3, 6, 12]) {
        await eventually(
          () => fake.batches.at(-1)?.waits.some((wait) => wait.key === `followUp${month}`) === true || skip(),
          `follow-up ${month}`,
        );
        await person.command('recordFollowUp', 'case_worker', { month, reached: true });
      }
      expect(await person.handle.result()).toBe('completed');
      expect(fake.event_log().map((event) => event.seq)).toEqual(fake.event_log().map((_, index) => index + 1));
      expect(fake.types().filter((type) => type === 'followUpDone')).toHaveLength(4);
      expect(fake.batches.at(-1)?.waits).toEqual([]);
    });
  });

  async function skip(): Promise<boolean> {
    await env.sleep(10 * DAY);
    return false;
  }

  it('never takes silence for an answer: after a year each partner has been reminded, and nobody confirmed, seated or moved', async () => {
    const reminded: string[] = [];
    const fake = fakeActivities({
      async remindRequest({ requestId }) {
        reminded.push(requestId);
        // one that cannot be reminded holds nothing up
        if (requestId.includes('fitness')) throw ApplicationFailure.nonRetryable('down', 'PartnerRefused');
        return { reminded: true };
      },
    });
    const work = async ({ person, seen }: { person: Person; seen: (type: string) => Promise<void> }) => {
      await person.command('completeScreening', 'case_worker', { risk: 'none' });
      await seen('verificationRequested');
      await person.quiet();
      await env.sleep(365 * DAY);
      const moved = [
        'nationalityConfirmed',
        'consentGiven',
        'seatAssigned',
        'journeyEnded',
        'exitPermitGranted',
        'fitnessFound',
      ];
      expect(fake.types().filter((type) => moved.includes(type))).toEqual([]);
      const escalationPolicy = fake
        .event_log()
        .filter((event) => event.data['key'] === 'verification')
        .map((event) => event.type);
      expect(escalationPolicy).toEqual(['waitReminded', 'waitDue', 'waitEscalated']);
      expect(fake.batches.at(-1)?.waits.map((wait) => wait.key)).toContain('verification');
      expect(new Set(reminded)).toEqual(new Set(['req_verification_1', 'req_fitness_1', 'req_exitPermit_1']));
    };
    await withJourney(journeyInput(ABROAD), work, fake);
  });

  it('a health finding that ends is renewed when the person could leave with it, and not before', async () => {
    await withJourney(journeyInput(ABROAD), async ({ fake, person, seen }) => {
      const finding = async (round: number) =>
        person.partner(`req_fitness_${round}`, {
          kind: 'fitness',
          result: 'fit',
          conditions: [],
          until: (await env.currentTimeMs()) + 3 * DAY,
        });
      await person.command('completeScreening', 'case_worker', { risk: 'none' });
      await seen('verificationRequested');
      await seen('fitnessRequested');
      await finding(1);
      await seen('fitnessFound');
      await person.quiet();
      await env.sleep(30 * DAY);
      await seen('fitnessExpired');
      expect(fake.calls['fitness']).toBe(1);
      expect(fake.batches.at(-1)?.waits.map(({ key }) => key)).not.toContain('fitness');

      const validUntil = await far();
      await person.partner('req_exitPermit_1', { kind: 'exit_permit', outcome: 'granted', fineWaived: false });
      await person.partner('req_verification_1', { kind: 'nationality', outcome: 'confirmed' });
      await seen('documentRequested');
      expect(fake.calls['fitness']).toBe(1);
      await person.partner('req_document_1', { kind: 'document', outcome: 'issued', documentId: 'doc_1', validUntil });
      await seen('fitnessRequested', 2);
      await finding(2);
      await seen('fitnessFound', 2);
      await person.quiet();
      await env.sleep(2 * DAY + 2 * HOUR);
      await seen('fitnessRequested', 3);
      expect(fake.types().filter((type) => type === 'fitnessExpired')).toHaveLength(1);
    });
  });

  it('a health concern is a task of a health officer within the hour, and only a later examination settles it', async () => {
    await withJourney(journeyInput(ABROAD), async ({ fake, person, seen }) => {
      const finding = async (request: string, examinedAt: number) =>
        person.partner(request, {
          kind: 'fitness',
          result: 'fit',
          conditions: [],
          examinedAt,
          until: (await env.currentTimeMs()) + 3 * DAY,
        });
      const waits = () => fake.batches.at(-1)?.waits ?? [];
      await person.command('completeScreening', 'case_worker', { risk: 'none' });
      await seen('fitnessRequested');
      const before = await env.currentTimeMs();
      await env.sleep(HOUR);
      await person.command('raiseHealthConcern', 'coordinator', {});
      await seen('healthConcernRaised');
      await person.quiet();
      const concern = waits().find(({ key }) => key === 'healthConcern');
      expect(concern?.whom).toEqual({ kind: 'role', id: 'health_officer' });
      expect((concern?.due ?? 0) - (concern?.since ?? 0)).toBe(HOUR);

      // examined before anybody feared an illness: it says nothing about it
      await finding('req_fitness_1', before);
      await seen('fitnessFound');
      await person.quiet();
      expect(waits().map(({ key }) => key)).toContain('healthConcern');

      await person.command('recordFitness', 'health_officer', { result: 'fit', conditions: [], until: await far() });
      await person.quiet();
      expect(waits().map(({ key }) => key)).not.toContain('healthConcern');
    });
  });

  it('a consulate asks for evidence: a person provides it, the same request goes on, and the consulate has its time again', async () => {
    const sent: string[][] = [];
    const fake = fakeActivities({
      async sendEvidence({ kinds }) {
        sent.push(kinds);
        return { sent: true };
      },
    });
    await withJourney(
      journeyInput(ABROAD),
      async ({ person, seen }) => {
        await person.command('completeScreening', 'case_worker', { risk: 'none' });
        await seen('verificationRequested');
        await person.partner('req_verification_1', { kind: 'more_info', requestedEvidence: ['INTERVIEW'] });
        await seen('evidenceRequested');
        await person.quiet();
        // longer than the whole escalationPolicy of the consulate: nobody was waiting for it meanwhile
        await env.sleep(90 * DAY);
        const provided = await env.currentTimeMs();
        await person.command('provideEvidence', 'consular_officer', { kinds: ['PHOTO'] });
        await eventually(() => sent.length === 1, 'evidence sent');
        expect(sent).toEqual([['PHOTO']]);
        const wait = () => fake.batches.at(-1)?.waits.find(({ key }) => key === 'verification');
        await eventually(() => wait() !== undefined, 'waits again');
        expect(wait()?.since).toBeGreaterThanOrEqual(provided);
        expect(wait()?.escalationStep).toBe('waiting');
        await person.partner('req_verification_1', { kind: 'nationality', outcome: 'not_confirmed' });
        await seen('nationalityNotConfirmed');
        await person.command('endJourney', 'protection_lead', { ending: 'referred_out' });
        await person.confirmEnding('referred_out');
        expect(await person.handle.result()).toBe('referred_out');
      },
      fake,
    );
  });
});

describe('consent', () => {
  it('pending: nothing is asked trackInFlight until the person has said yes', async () => {
    await withJourney(
      journeyInput({ ...ABROAD, registration: { ...ABROAD.registration, consent: 'pending' } }),
      async ({ fake, person, seen }) => {
        await person.command('confirmIdentity', 'case_worker');
        await person.command('completeScreening', 'case_worker', { risk: 'none' });
        await person.quiet();
        await env.sleep(5 * DAY);
        expect(fake.calls).toEqual({ suspensionOverlap: expect.any(Number) });
        await person.command('giveConsent', 'case_worker', {
          form: 'explicit',
          sharing: true,
          ownState: true,
          consulates: [],
        });
        await seen('verificationRequested');
      },
    );
  });

  it('to travel but not to share: the health officer looks, and no partner ever firstSeen of the person', async () => {
    await withJourney(journeyInput({ registration: { consent: 'pending' } }), async ({ fake, person, seen }) => {
      await person.command('confirmIdentity', 'case_worker');
      await person.command('completeScreening', 'case_worker', { risk: 'none' });
      await person.command('giveConsent', 'case_worker', {
        form: 'explicit',
        sharing: false,
        ownState: false,
        consulates: [],
      });
      await person.command('recordFitness', 'health_officer', { result: 'fit', conditions: [], until: await far() });
      await person.travel({ kind: 'seatAssigned', movementId: 'mov_1', leg: 'evacuation', seat: 'seat' });
      await seen('seatAssigned');
      const { suspensionOverlap, ...asked } = fake.calls;
      expect(asked).toEqual({});
      expect(suspensionOverlap ?? 0).toBeGreaterThanOrEqual(0);
    });
  });

  it('withdrawn before boarding ends the journey under its name, recalls what is open, tells the household', async () => {
    await withJourney(journeyInput(ABROAD), async ({ fake, person, seen }) => {
      await person.command('completeScreening', 'case_worker', { risk: 'none' });
      await seen('verificationRequested');
      await seen('fitnessRequested');
      await person.command('withdrawConsent', 'case_worker');
      await seen('requestRecalled', 3);
      await person.confirmEnding('withdrawn');
      expect(await person.handle.result()).toBe('withdrawn');
      expect(fake.calls['recallRequest']).toBe(3);
      expect(fake.calls['notifyHousehold']).toBe(1);
      expect(fake.batches.at(-1)?.waits).toEqual([]);
    });
  });

  it('withdrawn with a seat: the movement releases the whole household group', async () => {
    const fake = fakeActivities();
    const inner = fake.activities.record;
    fake.activities.record = async (batch) => {
      await inner(batch);
      return { seatedOn: batch.events.some((event) => event.type === 'consentWithdrawn') ? ['mov_1'] : [] };
    };
    await withJourney(
      journeyInput(),
      async ({ person, seen }) => {
        await person.command('completeScreening', 'case_worker', { risk: 'none' });
        await person.travel({ kind: 'seatAssigned', movementId: 'mov_1', leg: 'evacuation', seat: 'seat' });
        await seen('seatAssigned');
        await person.command('withdrawConsent', 'case_worker');
        await person.confirmEnding('withdrawn');
        expect(await person.handle.result()).toBe('withdrawn');
        expect(fake.calls['householdMustLeave']).toBe(1);
      },
      fake,
    );
  });

  it('withdrawn on board: carried to the next stop, and the journey ends there once a second person confirms it', async () => {
    await withJourney(journeyInput(), async ({ fake, person, seen }) => {
      await person.command('completeScreening', 'case_worker', { risk: 'none' });
      await person.travel({ kind: 'seatAssigned', movementId: 'mov_1', leg: 'evacuation', seat: 'seat' });
      await person.travel({ kind: 'boarded', movementId: 'mov_1' });
      await seen('boarded');
      await person.command('withdrawConsent', 'movement_officer');
      expect(fake.types()).not.toContain('journeyEnded');
      await person.travel({ kind: 'arrived', movementId: 'mov_1', leg: 'evacuation' });
      await person.confirmEnding('withdrawn');
      expect(await person.handle.result()).toBe('withdrawn');
    });
  });
});

describe('partners that misbehave', () => {
  it('an answer that comes before we know that we asked is joined, not lost', async () => {
    let person: Awaited<ReturnType<typeof startJourney>> | undefined;
    const fake = fakeActivities({
      sending: {
        async verification(input): Promise<SendOutcome> {
          await person?.partner('req_verification_1', { kind: 'nationality', outcome: 'confirmed' });
          return { outcome: 'requested', requestId: 'req_verification_1', partnerId: 'par_verification', at: input.at };
        },
      },
    });
    await withWorker(env, bundle, fake.activities, async (queue) => {
      person = await startJourney(env, journeyInput(ABROAD), queue);
      await person.command('completeScreening', 'case_worker', { risk: 'none' });
      await eventually(() => fake.types().includes('nationalityConfirmed'), 'the buffered answer');
      expect(fake.types().indexOf('verificationRequested')).toBeLessThan(fake.types().indexOf('nationalityConfirmed'));
      await person.handle.terminate('test over');
    });
  });

  it('twice is once; of another request is nothing; taken back is a new request for a person', async () => {
    await withJourney(journeyInput(ABROAD), async ({ fake, person, seen }) => {
      await person.command('completeScreening', 'case_worker', { risk: 'none' });
      await seen('verificationRequested');
      await person.partner('req_verification_9', { kind: 'nationality', outcome: 'confirmed' });
      for (let time = 0; time < 3; time++) {
        await person.partner(
          'req_verification_1',
          { kind: 'nationality', outcome: 'confirmed' },
          { eventKey: 'evt-same' },
        );
      }
      await seen('nationalityConfirmed');
      await person.partner('req_verification_1', { kind: 'nationality', outcome: 'retracted' });
      await seen('nationalityRetracted');
      expect(fake.types().filter((type) => type === 'nationalityConfirmed')).toHaveLength(1);
      await person.command('requestOtherState', 'consular_officer', { partnerId: 'par_other' });
      await seen('verificationRequested', 2);
    });
  });

  it('a hold recalls every open request of every kind, and each is sent again after its release', async () => {
    const recalled: string[] = [];
    const fake = fakeActivities({
      async recallRequest({ requestId }) {
        recalled.push(requestId);
        return { recalled: true };
      },
    });
    const input = journeyInput(ABROAD);
    await withJourney(
      input,
      async ({ person, seen }) => {
        await person.command('completeScreening', 'case_worker', { risk: 'none' });
        for (const kind of ['verification', 'fitness', 'exitPermit']) await seen(`${kind}Requested`);
        await person.command('raiseHold', 'case_worker', { holdId: 'hld_1' });
        await seen('requestRecalled', 3);
        expect(recalled.toSorted()).toEqual(['req_exitPermit_1', 'req_fitness_1', 'req_verification_1']);
        const { nationality, fitness, exit_permit } = fake.batches.at(-1)?.projection ?? {};
        expect([nationality, fitness, exit_permit]).not.toContain('requested');
        await person.command('releaseHold', 'protection_lead', { holdId: 'hld_1' });
        for (const kind of ['verification', 'fitness', 'exitPermit']) await seen(`${kind}Requested`, 2);
        await person.partner('req_verification_2', { kind: 'nationality', outcome: 'confirmed' });
        await seen('documentRequested');
        await person.command('raiseHold', 'case_worker', { holdId: 'hld_2' });
        await seen('requestRecalled', 6);
        expect(recalled).toContain('req_document_1');
      },
      fake,
    );
  });

  it('a partner that cannot be reached for its recall holds up no other recall and no ending', async () => {
    const fake = fakeActivities({
      async recallRequest({ requestId }) {
        fake.calls[requestId] = (fake.calls[requestId] ?? 0) + 1;
        if (requestId === 'req_verification_1' && (fake.calls['notifyHousehold'] ?? 0) === 0)
          throw ApplicationFailure.retryable('away', 'partner_unreachable');
        return { recalled: true };
      },
    });
    await withJourney(
      journeyInput(ABROAD),
      async ({ person, seen }) => {
        await person.command('completeScreening', 'case_worker', { risk: 'none' });
        for (const kind of ['verification', 'fitness', 'exitPermit']) await seen(`${kind}Requested`);
        await person.command('raiseHold', 'case_worker', { holdId: 'hld_1' });
        await seen('requestRecalled', 2);
        await person.command('endJourney', 'protection_lead', { ending: 'referred_out' });
        await person.confirmEnding('referred_out');
        await eventually(() => fake.calls['notifyHousehold'] === 1, 'the household is told');
        expect(await person.handle.result()).toBe('referred_out');
        expect(fake.types().filter((type) => type === 'requestRecalled')).toHaveLength(3);
      },
      fake,
    );
  });

  it('a request that reaches its partner after the end is recalled, though no event names it', async () => {
    const sent = Promise.withResolvers<void>();
    const fake = fakeActivities({
      sending: {
        async verification(input): Promise<SendOutcome> {
          await sent.promise;
          return { outcome: 'requested', requestId: 'req_late', partnerId: 'par_verification', at: input.at };
        },
      },
      async recallRequest({ requestId }) {
        fake.calls[requestId] = (fake.calls[requestId] ?? 0) + 1;
        return { recalled: true };
      },
    });
    await withJourney(
      journeyInput(ABROAD),
      async ({ person, seen }) => {
        await person.command('completeScreening', 'case_worker', { risk: 'none' });
        for (const kind of ['fitness', 'exitPermit']) await seen(`${kind}Requested`);
        await person.command('withdrawConsent', 'case_worker');
        await seen('requestRecalled', 2);
        await person.confirmEnding('withdrawn');
        await eventually(() => fake.calls['notifyHousehold'] === 1, 'the household is told');
        sent.resolve();
        expect(await person.handle.result()).toBe('withdrawn');
        expect(fake.calls).toMatchObject({ req_late: 1, req_fitness_1: 1, req_exitPermit_1: 1 });
        expect(fake.types()).not.toContain('verificationRequested');
      },
      fake,
    );
  });

  it('the last follow-up is an ending too: what is still open is recalled', async () => {
    const arrivedAt = (await env.currentTimeMs()) - 400 * DAY;
    const request = { requestId: 'req_fitness_1', partnerId: 'par_fitness', round: 1, requestedAt: arrivedAt };
    const state = {
      ...emptyJourney(),
      ...{
        seq: 5,
        startedAt: arrivedAt,
        arrivedAt,
        identity: 'confirmed',
        screened: true,
        received: true,
        planned: true,
      },
      consent: { status: 'given', version: 1, sharing: true, confirmedAt: arrivedAt },
      fitness: {
        ...{ status: 'requested', rounds: 1, conditions: [] },
        request: { ...request, acknowledged: true, requestedEvidence: [] },
      },
      travel: { status: 'arrived', noShows: 0, underway: true, withdrawn: false },
      followUps: [1, 3, 6].map((month) => ({ month, reached: true })),
    };
    const carried = { state, waits: [], answered: [], seen: [] };
    await withJourney(journeyInput({ carried }), async ({ fake, person }) => {
      await person.command('recordFollowUp', 'case_worker', { month: 12, reached: true });
      expect(await person.handle.result()).toBe('completed');
      const made = fake.types().filter((type) => !type.startsWith('wait'));
      expect(made).toEqual(['followUpDone', 'journeyEnded', 'requestRecalled']);
      expect(fake.calls['notifyHousehold']).toBeUndefined();
    });
  });

  it('a late answer changes nothing and is put before a person, an acknowledgement is not', async () => {
    const aside: string[] = [];
    const fake = fakeActivities({
      async setAnswerAside({ requestId, eventKey }) {
        aside.push(`${requestId} ${eventKey}`);
      },
    });
    await withJourney(
      journeyInput(ABROAD),
      async ({ person, seen }) => {
        await person.command('completeScreening', 'case_worker', { risk: 'none' });
        await seen('fitnessRequested');
        await person.command('recordFitness', 'health_officer', { result: 'unfit', conditions: [] });
        await person.partner('req_fitness_1', { kind: 'acknowledged' });
        const finding: PartnerAnswered['answer'] = {
          kind: 'fitness',
          result: 'fit',
          conditions: [],
          until: await far(),
        };
        await person.partner('req_fitness_1', finding, { eventKey: 'late' });
        await person.partner('req_fitness_1', finding, { eventKey: 'late' });
        await eventually(() => aside.length > 0, 'the answer to be set aside');
        await person.quiet();
        expect(aside).toEqual(['req_fitness_1 late']);
        expect(fake.types().filter((type) => type === 'fitnessFound')).toHaveLength(1);
      },
      fake,
    );
  });

  it('the gate says no: asked again only when consent or holds have changed', async () => {
    let open = false;
    const fake = fakeActivities({
      sending: {
        async verification(input): Promise<SendOutcome> {
          fake.calls['verification'] = (fake.calls['verification'] ?? 0) + 1;
          return open
            ? { outcome: 'requested', requestId: 'req_verification_1', partnerId: 'par_verification', at: input.at }
            : { outcome: 'blocked', reasons: ['hold'] };
        },
      },
    });
    await withJourney(
      journeyInput(ABROAD),
      async ({ person, seen }) => {
        await person.command('completeScreening', 'case_worker', { risk: 'none' });
        await seen('disclosureBlocked');
        await seen('fitnessRequested');
        await person.quiet();
        expect(fake.calls['verification']).toBe(1);
        open = true;
        await person.command('raiseHold', 'case_worker', { holdId: 'hld_1' });
        await person.command('releaseHold', 'protection_lead', { holdId: 'hld_1' });
        await seen('verificationRequested');
      },
      fake,
    );
  });

  it('a partner that cannot be reached at all becomes a task for a person', async () => {
    const fake = fakeActivities({
      sending: {
        async fitness(): Promise<SendOutcome> {
          throw ApplicationFailure.nonRetryable('refused', 'PartnerRefused');
        },
      },
    });
    await withJourney(
      journeyInput(),
      async ({ person, seen }) => {
        await person.command('completeScreening', 'case_worker', { risk: 'none' });
        await seen('partnerMissing');
        await eventually(
          () =>
            fake.batches.at(-1)?.waits.some((wait) => wait.key === 'fitness' && wait.whom.id === 'health_officer') ===
            true,
          'the health officer is asked',
        );
      },
      fake,
    );
  });
});

describe('movements that misbehave', () => {
  it('what comes late or twice never turns an arrived person back', async () => {
    await withJourney(journeyInput(), async ({ fake, person, seen }) => {
      await person.command('completeScreening', 'case_worker', { risk: 'none' });
      await person.travel({ kind: 'seatAssigned', movementId: 'mov_1', leg: 'evacuation', seat: 'seat' }, 'k1');
      await person.travel({ kind: 'seatAssigned', movementId: 'mov_1', leg: 'evacuation', seat: 'seat' }, 'k1');
      await person.travel({ kind: 'arrived', movementId: 'mov_1', leg: 'evacuation' });
      await seen('arrived');
      await person.travel({ kind: 'departed', movementId: 'mov_1' });
      await person.travel({ kind: 'seatReleased', movementId: 'mov_1' });
      await person.travel({ kind: 'boarded', movementId: 'mov_1' });
      await person.command('receive', 'case_worker');
      expect(
        fake
          .types()
          .filter((type) => ['seatAssigned', 'departed', 'arrived', 'seatReleased', 'boarded'].includes(type)),
      ).toEqual(['seatAssigned', 'departed', 'arrived']);
    });
  });

  it('a household that lost a member waits for a person, and takes no seat meanwhile', async () => {
    await withJourney(journeyInput(), async ({ fake, person, seen }) => {
      await person.command('completeScreening', 'case_worker', { risk: 'none' });
      await person.handle.signal('householdChanged', [
        { key: 'h1', at: JUST_NOW, journeyId: 'jrn_other', ending: 'declined' },
      ]);
      await seen('householdChanged');
      await seen('fitnessRequested');
      await person.partner('req_fitness_1', { kind: 'fitness', result: 'fit', conditions: [], until: await far() });
      await seen('fitnessFound');
      const waits = () => fake.batches.at(-1)?.waits.map((wait) => wait.key) ?? [];
      expect(waits()).toContain('household');
      expect(waits()).not.toContain('seat');
      await person.command('confirmHousehold', 'case_worker');
      await eventually(() => waits().includes('seat'), 'waits for a seat');
    });
  });
});

describe('commands', () => {
  it('refused: a reason, and what is allowed now', async () => {
    await withJourney(journeyInput({ registration: { consent: 'pending' } }), async ({ fake, person, seen }) => {
      await person.command('confirmIdentity', 'case_worker');
      await seen('identityConfirmed');
      const answer = await refusal(person.command('receive', 'case_worker'));
      expect(answer.reason).toBe('Only a person who has arrived can be received');
      expect(answer.allowed).toContain('completeScreening');
      expect(answer.allowed).not.toContain('receive');
      expect(
        (await refusal(person.command('completeScreening', 'movement_officer', { risk: 'none' }))).reason,
      ).toContain('movement_officer');
      expect(
        (await refusal(person.command('raiseHold', 'case_worker', { holdId: 'hld_1' }, { reasonCode: '' }))).reason,
      ).toBe('A reason must be given');
      expect(fake.types()).not.toContain('received');
    });
  });

  it('given twice under one id have one effect and one answer', async () => {
    await withJourney(journeyInput(), async ({ fake, person }) => {
      const first = await person.command('completeScreening', 'case_worker', { risk: 'none' }, { commandId: 'same' });
      const second = await person.command('completeScreening', 'case_worker', { risk: 'none' }, { commandId: 'same' });
      expect(second).toEqual(first);
      expect(fake.types().filter((type) => type === 'screened')).toHaveLength(1);
    });
  });
});
