import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendCommand } from '../../adapters/temporal/workflowGateway.ts';
import { emptyJourney, type JourneyState } from '../../domain/journeys/state.ts';
import { merged, type RecordBatch, type RecordedEvent, type RecordResult } from '../../domain/record.ts';
import { DAY } from '../../domain/time.ts';
import { COMMAND_REFUSED, type JourneyAnswer } from '../../workflows/messages.ts';
import { inForm, reportFault, SEED, seeded } from '../support/faultRun.ts';
import { devServerEnvironment, workflowBundle } from '../support/temporal.ts';
import {
  eventually,
  fakeActivities,
  journeyInput,
  OFFICER,
  RULES,
  startJourney,
  withWorker,
} from './journeyHarness.ts';

const ROUNDS = inForm(30, 1_000);
const TAKES_AT_MOST_MS = inForm(60_000, 1_800_000);

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await devServerEnvironment();
});
afterAll(async () => {
  await env?.teardown();
});

/** A journey that has been received, a moment before it turns to the year of follow-ups; or at its last follow-up. */
function received(more: Partial<JourneyState>): JourneyState {
  const arrivedAt = Date.now() - 400 * DAY;
  return {
    ...emptyJourney(),
    seq: 5,
    startedAt: arrivedAt,
    identity: 'confirmed',
    screened: true,
    route: ['evacuation'],
    routeDone: ['evacuation'],
    consent: { status: 'given', version: 1, sharing: true, ownState: true, consulates: [], confirmedAt: arrivedAt },
    travel: { status: 'arrived', noShows: 0, underway: true, withdrawn: false },
    arrivedAt,
    received: true,
    ...more,
  };
}

type Outcome = { commandId: string; answer?: JourneyAnswer; refused?: string };

async function round(
  seed: number,
  state: JourneyState,
  continuingAsNew: { name: string; args: object },
  queue: string,
  fake: ReturnType<typeof fakeActivities>,
) {
  const random = seeded(seed);
  const person = await startJourney(
    env,
    journeyInput({ carried: { state, waits: [], answered: [], seen: [] } }),
    queue,
  );
  const commands = Array.from({ length: 8 }, (_, index) => ({
    commandId: `r${seed}-${index}`,
    name: index === 3 ? continuingAsNew.name : index % 2 === 0 ? 'raiseHold' : 'reconfirmConsent',
    args: index === 3 ? continuingAsNew.args : index % 2 === 0 ? { holdId: `hld_${seed}_${index}` } : {},
    after: random() * 60,
  }));
  const outcomes: Outcome[] = await Promise.all(
    commands.map(async ({ commandId, name, args, after }) => {
      await new Promise((resolve) => setTimeout(resolve, after));
      try {
        return { commandId, answer: await person.command(name, 'case_worker', args, { commandId }) };
      } catch (error) {
        const refused =
          error instanceof WorkflowUpdateFailedError && error.cause && 'type' in error.cause
            ? String(error.cause.type)
            : (error as Error).name;
        return { commandId, refused };
      }
    }),
  );
  const subject = person.handle.workflowId.replace('journey:', '');
  const event_log = fake.batches.filter((batch) => batch.subject === subject).flatMap((batch) => batch.events);
  return { outcomes, event_log, person };
}

describe(`F11: updates that race a journey's continuation and its end, ${ROUNDS} rounds, seed ${SEED}`, () => {
  const shapes = [
    {
      what: 'continue-as-new',
      state: received({}),
      continuingAsNew: { name: 'planReintegration', args: { dimensions: ['social'] } },
    },
    {
      what: 'the end',
      state: received({ planned: true, followUps: [1, 3, 6].map((month) => ({ month, reached: true })) }),
      continuingAsNew: { name: 'recordFollowUp', args: { month: 12, reached: true } },
    },
  ];
  for (const { what, state, continuingAsNew } of shapes) {
    it(
      `${what}: every accepted command is in the event_log once, and every caller gets an answer`,
      async (context) => {
        const fake = fakeActivities();
        await withWorker(env, await workflowBundle(), fake.activities, async (queue) => {
          let accepted = 0;
          for (let index = 0; index < ROUNDS; index++) {
            const { outcomes, event_log, person } = await round(SEED + index, state, continuingAsNew, queue, fake);
            for (const { commandId, answer, refused } of outcomes) {
              const stands = event_log.filter((event) => event.commandId === commandId);
              if (answer) {
                accepted += 1;
                expect(stands, `${commandId} was answered`).toHaveLength(1);
              } else {
                expect([COMMAND_REFUSED, 'WorkflowNotFoundError'], `${commandId}: ${refused}`).toContain(refused);
                expect(stands, `${commandId} was refused`).toHaveLength(0);
              }
            }
            expect(outcomes[3]?.answer, 'the continuingAsNew command itself').toBeDefined();
            expect(new Set(event_log.map((event) => event.seq)).size).toBe(event_log.length);
            if (what === 'the end') expect(await person.handle.result()).toBe('completed');
            else await person.handle.terminate('round over');
          }
          expect(accepted).toBeGreaterThan(ROUNDS * 2);
          reportFault(context, {
            fault: 'F11',
            rounds: ROUNDS,
            counted: `${what}: ${accepted} of ${8 * ROUNDS} commands accepted and recorded once, the others refused and not recorded`,
          });
        });
      },
      TAKES_AT_MOST_MS,
    );
  }
});

/** An event log as PostgreSQL stores it (tests/adapters/postgres/record.test.ts). Tests can act at the moment of its commit. */
function eventLogOf(committed: (batch: RecordBatch) => Promise<void> = async () => {}) {
  const events: RecordedEvent[] = [];
  return {
    events,
    async record(batch: RecordBatch): Promise<RecordResult> {
      const stood = events.filter(({ seq }) => seq > batch.after);
      const all = merged(stood, batch.events);
      if (!all || (events.at(-1)?.seq ?? batch.after) < batch.after)
        throw new Error('The event_log does not go on from there');
      events.push(...(stood.length === 0 ? batch.events : all.slice(stood.length)));
      await committed(batch);
      return { seatedOn: [], ...(stood.length === 0 ? {} : { alreadyRecorded: all }) };
    },
  };
}

describe('a workflow task that is lost after it has recorded', () => {
  const verified = received({ nationality: { status: 'confirmed', rounds: 1, partnerId: 'par_verification' } });

  it.each([
    {
      what: 'the continuation',
      state: verified,
      last: { name: 'planReintegration', args: { dimensions: ['social'] } },
    },
    {
      what: 'the end',
      state: { ...verified, planned: true, followUps: [1, 3, 6].map((month) => ({ month, reached: true })) },
      last: { name: 'recordFollowUp', args: { month: 12, reached: true } },
    },
  ])('$what: update that came meanwhile is seen first, and the journey goes on', async ({ what, state, last }) => {
    const carried = { state, waits: [], answered: [], seen: [] };
    const input = journeyInput({ carried });
    let update: (() => Promise<void>) | undefined;
    const event_log = eventLogOf(async (batch) => {
      if (!batch.events.some(({ commandId }) => commandId === 'last')) return;
      const send = update;
      update = undefined;
      await send?.();
    });
    const fake = fakeActivities({ record: event_log.record });
    await withWorker(env, await workflowBundle(), fake.activities, async (queue) => {
      const person = await startJourney(env, input, queue);
      // the server takes it while the task is running, and so refuses the end of the run
      update = () => person.partner('req_verification_1', { kind: 'nationality', outcome: 'retracted' });
      const answer = await sendCommand<JourneyAnswer>(
        env.client,
        person.handle.workflowId,
        last.name,
        { commandId: 'last', actor: OFFICER('case_worker'), args: last.args, reasonCode: 'test' },
        {
          deadline: 8_000,
          onRecord: async (_, id) => event_log.events.find(({ commandId }) => commandId === id),
        },
      );
      expect(answer.seq).toBeGreaterThan(state.seq);
      const made = () => event_log.events.map(({ type }) => type).filter((type) => !type.startsWith('wait'));
      if (what === 'the continuation') {
        await eventually(() => made().includes('nationalityRetracted'), 'the update to be on record');
        await person.command('raiseHold', 'case_worker', { holdId: 'hld_1' });
        expect(made()).toEqual(['reintegrationPlanned', 'nationalityRetracted', 'holdRaised']);
        await person.handle.terminate('seen');
      } else {
        expect(await person.handle.result()).toBe('completed');
        expect(made().toSorted()).toEqual(['followUpDone', 'journeyEnded', 'nationalityRetracted']);
      }
      expect(update, 'the update came').toBeUndefined();
      expect(event_log.events.map(({ seq }) => seq)).toEqual(event_log.events.map((_, index) => state.seq + 1 + index));
    });
  });

  it('without a command that nobody sends again: its event stands, the journey takes it up, and its sender is answered', async () => {
    const event_log = eventLogOf();
    const fake = fakeActivities({ record: event_log.record });
    await withWorker(env, await workflowBundle(), fake.activities, async (queue) => {
      const person = await startJourney(env, journeyInput({ registration: { consent: 'pending' } }), queue);
      await eventually(() => event_log.events.length > 0, 'the journey to begin');
      await person.quiet();
      const seq = event_log.events.length + 1;
      event_log.events.push({
        seq,
        type: 'holdRaised',
        at: Date.now(),
        actor: OFFICER('case_worker'),
        commandId: 'lost',
        phase: 'identify',
        data: { holdId: 'hld_lost' },
      });
      await person.command('completeScreening', 'case_worker', { risk: 'none' });
      // known now: it can be released, and its sender may request again
      await eventually(async () => {
        const answer = await person.command('raiseHold', 'case_worker', { holdId: 'hld_lost' }, { commandId: 'lost' });
        return answer.seq >= seq;
      }, 'the sender to be answered');
      await person.command('releaseHold', 'protection_lead', { holdId: 'hld_lost' });
      expect(event_log.events.filter(({ commandId }) => commandId === 'lost')).toHaveLength(1);
      expect(event_log.events.at(-1)).toMatchObject({ type: 'holdReleased', data: { holdId: 'hld_lost' } });
      await person.handle.terminate('seen');
    });
  });
});

describe('on the real server', () => {
  it('a command that comes with the very first task finds the journey begun', async () => {
    const fake = fakeActivities();
    await withWorker(env, await workflowBundle(), fake.activities, async (queue) => {
      for (let time = 0; time < 10; time++) {
        const person = await startJourney(env, journeyInput(), queue);
        await person.command('completeScreening', 'case_worker', { risk: 'none' });
        const subject = person.handle.workflowId.replace('journey:', '');
        const first = fake.batches.filter((batch) => batch.subject === subject).flatMap((batch) => batch.events)[0];
        expect(first).toMatchObject({ seq: 1, type: 'journeyStarted' });
        await person.handle.terminate('seen');
      }
    });
  });

  it('a refused command leaves no trace in the history', async () => {
    const fake = fakeActivities();
    await withWorker(env, await workflowBundle(), fake.activities, async (queue) => {
      const person = await startJourney(env, journeyInput({ registration: { consent: 'pending' } }), queue);
      await person.command('confirmIdentity', 'case_worker');
      const before = (await person.handle.describe()).historyLength;
      for (let time = 0; time < 5; time++)
        await expect(person.command('receive', 'case_worker')).rejects.toThrow('Update failed');
      expect((await person.handle.describe()).historyLength).toBe(before);
      await person.handle.terminate('seen');
    });
  });

  it('a hold and its release, again and again: the request is asked when it may be, never before', async () => {
    let open = false;
    let asked = 0;
    const fake = fakeActivities({
      sending: {
        async verification(input) {
          asked += 1;
          return open
            ? { outcome: 'requested', requestId: 'req_verification_1', partnerId: 'par_verification', at: input.at }
            : { outcome: 'blocked', reasons: ['hold'] };
        },
      },
    });
    await withWorker(env, await workflowBundle(), fake.activities, async (queue) => {
      const abroad = journeyInput({ rules: RULES.abroad, registration: { route: ['return'] } });
      const person = await startJourney(env, abroad, queue);
      await person.command('completeScreening', 'case_worker', { risk: 'none' });
      for (let time = 1; time <= 10; time++) {
        await eventually(() => asked >= time, `blocked ${time}`);
        await person.command('raiseHold', 'case_worker', { holdId: `hld_${time}` });
        open = time === 10;
        await person.command('releaseHold', 'protection_lead', { holdId: `hld_${time}` });
      }
      await eventually(() => fake.types().includes('verificationRequested'), 'asked in the end');
      expect(fake.types().filter((type) => type === 'verificationRequested')).toHaveLength(1);
      // one cause is on record once
      expect(fake.types().filter((type) => type === 'disclosureBlocked')).toHaveLength(1);
      await person.handle.terminate('seen');
    });
  });
});
