import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { timeSkippingEnvironment, workflowBundle } from '../support/temporal.ts';
import {
  eventually,
  fakeActivities,
  type JourneyWork,
  JUST_NOW,
  journeyInput,
  RULES,
  withJourney as runJourney,
} from './journeyHarness.ts';

let env: TestWorkflowEnvironment;
let bundle: Awaited<ReturnType<typeof workflowBundle>>;

beforeAll(async () => {
  [env, bundle] = await Promise.all([timeSkippingEnvironment(), workflowBundle()]);
});
afterAll(async () => {
  await env?.teardown();
});

const withMember = (work: JourneyWork, { input = journeyInput(), fake = fakeActivities() } = {}) =>
  runJourney(env, bundle, input, work, fake);

const LEFT = { key: 'h1', at: JUST_NOW, journeyId: 'jrn_other', ending: 'withdrawn' };

describe('when a household changes', () => {
  it('whoever is held with it records the hold once, and protection is asked to look', async () => {
    await withMember(async ({ fake, person, seen, waits }) => {
      await person.handle.signal('holdsFound', { key: 'k1', at: JUST_NOW, holdIds: ['hld_uasc'] });
      await person.handle.signal('holdsFound', { key: 'k2', at: JUST_NOW, holdIds: ['hld_uasc'] });
      await seen('holdRaised');
      await eventually(() => waits()['holdTriage'] === 'protection_officer', 'protection is asked');
      expect(fake.types().filter((type) => type === 'holdRaised')).toHaveLength(1);
    });
  });

  it('whoever leaves has every member with a new hold told, and so has whoever came to it', async () => {
    const told: string[] = [];
    const fake = fakeActivities({
      record: async (batch) => {
        fake.batches.push(batch);
        const left = batch.events.some(({ type }) => type === 'journeyEnded');
        return { seatedOn: [], ...(left && { held: ['hh_test'] }) };
      },
      tellHolds: async ({ householdId }) => {
        told.push(householdId);
      },
    });
    await withMember(
      async ({ person, seen }) => {
        await eventually(() => told.length === 1, 'the newcomer has told');
        await person.command('withdrawConsent', 'case_worker');
        await person.command('confirmEnding', 'duty_supervisor', { ending: 'withdrawn' });
        await seen('journeyEnded');
        await eventually(() => told.length === 2, 'the leaver has told');
        expect(told).toEqual(['hh_test', 'hh_test']);
      },
      { input: journeyInput({ registration: { joins: true } }), fake },
    );
  });

  it('with a child in it, protection is asked, and nobody else may say that the rest goes on', async () => {
    await withMember(async ({ fake, person, seen, waits }) => {
      await person.handle.signal('householdChanged', [{ ...LEFT, child: true }]);
      await seen('householdChanged');
      await eventually(() => waits()['household'] === 'protection_officer', 'protection is asked');
      await expect(person.command('confirmHousehold', 'case_worker')).rejects.toThrow(WorkflowUpdateFailedError);
      await person.command('confirmHousehold', 'protection_officer');
      expect(fake.types()).toContain('householdConfirmed');
    });
  });

  it('nobody says that the rest goes on while a hold is open', async () => {
    await withMember(async ({ person, seen }) => {
      await person.handle.signal('householdChanged', [LEFT]);
      await person.handle.signal('holdsFound', { key: 'k1', at: JUST_NOW, holdIds: ['hld_uasc'] });
      await seen('holdRaised');
      await expect(person.command('confirmHousehold', 'protection_lead')).rejects.toThrow(WorkflowUpdateFailedError);
    });
  });

  it('a mother whose child is left at a transit port is asked, and waits with the seat of the next leg', async () => {
    const input = journeyInput({ rules: RULES.abroad, registration: { route: ['return', 'onward'] } });
    await withMember(
      async ({ person, seen, waits }) => {
        await person.travel({ kind: 'seatAssigned', movementId: 'mov_1', leg: 'return', seat: 'seat' });
        await person.travel({ kind: 'departed', movementId: 'mov_1' });
        await person.travel({ kind: 'arrived', movementId: 'mov_1', leg: 'return' });
        await seen('arrived');
        await person.handle.signal('householdChanged', [{ ...LEFT, child: true }]);
        await seen('householdChanged');
        await eventually(() => waits()['household'] === 'protection_officer', 'protection is asked');
        expect(waits()).not.toHaveProperty('seat');
      },
      { input },
    );
  });

  it('a child whose consent is withdrawn at a transit port: the household is told', async () => {
    const input = journeyInput({ rules: RULES.abroad, registration: { route: ['return', 'onward'] } });
    await withMember(
      async ({ fake, person, seen }) => {
        await person.travel({ kind: 'seatAssigned', movementId: 'mov_1', leg: 'return', seat: 'seat' });
        await person.travel({ kind: 'departed', movementId: 'mov_1' });
        await person.travel({ kind: 'arrived', movementId: 'mov_1', leg: 'return' });
        await seen('arrived');
        await person.command('withdrawConsent', 'case_worker');
        await person.command('confirmEnding', 'duty_supervisor', { ending: 'withdrawn' });
        await eventually(() => fake.calls['notifyHousehold'] === 1, 'the household is told');
        expect(fake.types()).toContain('journeyEnded');
      },
      { input },
    );
  });
});
