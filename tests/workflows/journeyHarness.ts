import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type WorkflowBundle } from '@temporalio/worker';
import type { SendInput, SendOutcome } from '../../activities/requests.ts';
import type { JourneyActivities } from '../../activities/subjects.ts';
import type { Actor, Role } from '../../domain/actor.ts';
import type { Decision } from '../../domain/commands.ts';
import type { Ending } from '../../domain/journeys/statuses.ts';
import type { RecordBatch, RecordedEvent } from '../../domain/record.ts';
import type { RequestKind } from '../../domain/requests/index.ts';
import { defaultRules, type Rules } from '../../domain/rules.ts';
import { REAL_CLOCK } from '../../domain/time.ts';
import { type JourneyAnswer, type JourneyInput, type PartnerAnswered, workflowId } from '../../workflows/messages.ts';

type Calls = Record<string, number>;

/** How partners take requests, by kind. */
export type Sending = Partial<Record<RequestKind, (input: SendInput) => Promise<SendOutcome>>>;

/** Stand-ins for everything a journey calls, with the event_log it wrote. Tests replace what should misbehave. */
export function fakeActivities({ sending, ...overrides }: Partial<JourneyActivities> & { sending?: Sending } = {}) {
  const batches: RecordBatch[] = [];
  const calls: Calls = {};
  const asked =
    (kind: string) =>
    async (input: SendInput): Promise<SendOutcome> => {
      calls[kind] = (calls[kind] ?? 0) + 1;
      return { outcome: 'requested', requestId: `req_${kind}_${input.round}`, partnerId: `par_${kind}`, at: input.at };
    };
  const count =
    <T>(kind: string, result: T) =>
    async (): Promise<T> => {
      calls[kind] = (calls[kind] ?? 0) + 1;
      return result;
    };
  const sends: Required<Sending> = {
    async registry(input) {
      calls['registry'] = (calls['registry'] ?? 0) + 1;
      const answer = { kind: 'registry', outcome: 'match' } as const;
      return { outcome: 'requested', requestId: 'req_registry', partnerId: 'par_registry', at: input.at, answer };
    },
    verification: asked('verification'),
    document: asked('document'),
    fitness: asked('fitness'),
    exit_permit: asked('exitPermit'),
    booking: asked('booking'),
    reception: asked('reception'),
    ...sending,
  };
  const activities: JourneyActivities = {
    async record(batch) {
      batches.push(batch);
      return { seatedOn: [] };
    },
    suspensionOverlap: count('suspensionOverlap', { overlap: 0, open: false }),
    sendRequest: (input) => sends[input.kind](input),
    sendEvidence: count('sendEvidence', { sent: true }),
    recallRequest: count('recallRequest', { recalled: true }),
    remindRequest: count('remindRequest', { reminded: true }),
    setAnswerAside: count('setAnswerAside', undefined),
    householdMustLeave: count('householdMustLeave', undefined),
    notifyHousehold: count('notifyHousehold', undefined),
    tellMembers: count('tellMembers', undefined),
    tellHolds: count('tellHolds', undefined),
    ...overrides,
  };
  const event_log = (): RecordedEvent[] => batches.flatMap((batch) => batch.events);
  return { activities, batches, calls, event_log, types: () => event_log().map((event) => event.type) };
}

export const RULES: { domestic: Rules; abroad: Rules } = {
  domestic: defaultRules('evacuation'),
  abroad: defaultRules('return'),
};

export function journeyInput(
  over: Partial<Omit<JourneyInput, 'registration'>> & { registration?: Partial<JourneyInput['registration']> } = {},
): JourneyInput {
  const { registration, ...rest } = over;
  return {
    version: 1,
    journeyId: `jrn_${Math.random().toString(36).slice(2)}`,
    operationId: 'op_test',
    householdId: 'hh_test',
    clock: REAL_CLOCK,
    rules: RULES.domestic,
    ...rest,
    registration: {
      registeredAt: Date.now(),
      consent: 'given',
      holds: [],
      child: false,
      joins: false,
      route: ['evacuation'],
      routeDecided: true,
      ...registration,
    },
  };
}

export const OFFICER = (role: Role): Extract<Actor, { kind: 'staff' }> => ({ kind: 'staff', id: `${role}@test`, role });

/** Later than any clock: a journey keeps what outsiders say between its start and its own now. */
export const JUST_NOW = Number.MAX_SAFE_INTEGER;

let serial = 0;

/** A journey that runs on the test server, with the words to speak to it. */
export async function startJourney(env: TestWorkflowEnvironment, input: JourneyInput, taskQueue: string) {
  const handle = await env.client.workflow.start('journey', {
    taskQueue,
    workflowId: workflowId.journey(input.journeyId),
    args: [input],
  });
  const command = (
    name: string,
    role: Role,
    args: object = {},
    extra: Partial<Decision<object>> = {},
  ): Promise<JourneyAnswer> => {
    const commandId = extra.commandId ?? `cmd-${++serial}`;
    return handle.executeUpdate<JourneyAnswer, [Decision<object>]>(name, {
      updateId: commandId,
      args: [{ commandId, actor: OFFICER(role), args, reasonCode: 'test', ...extra }],
    });
  };
  return {
    handle,
    command,
    /** a second person confirms the ending that was proposed */
    confirmEnding: (ending: Ending, role: Role = 'duty_supervisor') => command('confirmEnding', role, { ending }),
    partner: (requestId: string, answer: PartnerAnswered['answer'], extra: Partial<PartnerAnswered> = {}) =>
      handle.signal('partnerAnswered', [
        {
          eventKey: `evt-${++serial}`,
          requestId,
          partnerId: `par_${requestId.split('_')[1]}`,
          at: JUST_NOW,
          answer,
          ...extra,
        },
      ]),
    /** Waits until nothing is on its way: time that is skipped over a running task makes the server time it inFlight. */
    quiet: async () => {
      let before = -1;
      await eventually(async () => {
        const { raw, historyLength } = await handle.describe();
        const still = !raw.pendingWorkflowTask && !raw.pendingActivities?.length && historyLength === before;
        before = historyLength;
        return still;
      }, 'the workflow to be quiet');
    },
    travel: (update: object, key = `mov-${++serial}`) =>
      handle.signal('movementUpdated', [{ key, at: JUST_NOW, actor: { kind: 'system', id: 'homeward' }, update }]),
  };
}

/** Runs `work` beside a worker of its own, on a task queue of its own: a test that fails disturbs no other. */
export async function withWorker<T>(
  env: TestWorkflowEnvironment,
  workflowBundle: WorkflowBundle | { codePath: string },
  activities: object,
  work: (taskQueue: string) => Promise<T>,
): Promise<T> {
  const taskQueue = `test-${++serial}-${Math.random().toString(36).slice(2)}`;
  const worker = await Worker.create({ connection: env.nativeConnection, taskQueue, workflowBundle, activities });
  return worker.runUntil(work(taskQueue));
}

type Tools = {
  fake: ReturnType<typeof fakeActivities>;
  person: Awaited<ReturnType<typeof startJourney>>;
  /** waits until an event of this type is recorded, so many times */
  seen: (type: string, times?: number) => Promise<void>;
  /** whom the person waits for now, by the key of the wait */
  waits: () => Record<string, string>;
};
export type JourneyWork = (tools: Tools) => Promise<void>;

/** Runs one journey beside its fakes, on a worker of its own. */
export async function withJourney(
  env: TestWorkflowEnvironment,
  bundle: WorkflowBundle | { codePath: string },
  input: JourneyInput,
  work: JourneyWork,
  fake = fakeActivities(),
): Promise<void> {
  await withWorker(env, bundle, fake.activities, async (queue) => {
    const person = await startJourney(env, input, queue);
    const seen = (type: string, times = 1) =>
      eventually(
        () => fake.types().filter((one) => one === type).length >= times,
        `${type} (${fake.types().join(' ')})`,
      );
    const waits = () => Object.fromEntries(fake.batches.at(-1)?.waits.map(({ key, whom }) => [key, whom.id]) ?? []);
    await work({ fake, person, seen, waits });
    // A journey left open would hold the server's skipped time up with tasks that no worker takes.
    await person.handle.terminate('test over').catch(() => {});
  });
}

/** Waits, in bounded steps, for what the workflow does in its own time. @throws when it does not come. */
export async function eventually(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let step = 0; step < 300; step++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`It did not come: ${what}`);
}
