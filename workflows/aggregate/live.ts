import { ApplicationFailure, CancellationScope, defineSignal, defineUpdate, setHandler } from '@temporalio/workflow';
import { ROLES } from '../../domain/actor.ts';
import type { Command, Commands, Decision, Detail, Draft, Subject as SubjectTypes } from '../../domain/commands.ts';
import type { EventHeader } from '../../domain/journeys/events.ts';
import { COMMAND_REFUSED, NEW_VERSION, type Refusal } from '../messages.ts';
import { goOnAsNew, Interrupted, until, type Waiter, type WaitSpec, waitFor } from '../waiting.ts';
import type { AggregateRun, AggregateTypes } from './run.ts';

/** Who gave a command, as it stands in the events that the command makes. */
type By = Partial<EventHeader>;

/** How a workflow takes each step that its commands name (domain/commands.ts). */
export type StepsOf<Steps extends SubjectTypes['steps'], Run> = {
  readonly [N in keyof Steps]: (run: Run, input: Steps[N]['input'], by: By) => Promise<Steps[N]['result']>;
};
/** The same where only the name of the step is known. A command and its step agree by its definition. */
export type Steps<Run> = Readonly<Record<string, { take(run: Run, input: object, by: By): Promise<Detail> }['take']>>;

/** Thrown by a step whose transaction says no; whoever gave the command reads the reason. */
export class ReservationRefused extends Error {}

/** What the runner needs of one signal: the key by which a message is known, and what is done the first time it comes. */
export type SignalModule<Run, Message> = {
  key: (message: Message) => string;
  handle: (run: Run, message: Message) => Promise<void> | void;
};

export type SignalModules<Run, Messages> = { readonly [S in keyof Messages]: SignalModule<Run, Messages[S]> };

/** How a kind of subject declares itself to the runner; its pure part is a `Kind` (run.ts). */
export type Subject<T extends AggregateTypes, Run extends AggregateRun<T>, Messages> = {
  /** commands and messages one after the other, each recorded before the next begins */
  serial: boolean;
  commands: Commands<T['state']>;
  /** how its workflow takes the steps that commands name */
  steps: Steps<Run>;
  signals: SignalModules<Run, Messages>;
  /** what goes on inBackground the work, until the subject is over or the run is left */
  background: ReadonlyArray<(run: Run) => Promise<never>>;
  /** the first events of a subject that has none */
  begin: (run: Run) => void;
  /** the phases, until the subject is over; read as a table of contents */
  work: (run: Run) => Promise<void>;
  /** what is left to do when the subject is over */
  close?: (run: Run) => Promise<void>;
};

/**
 * Runs a subject until it is over, or goes on in a new run. Its handlers are registered before anything awaits, and
 * after its first events: a command that came with the first task must find the subject begun.
 *
 * All of it runs outside the workflow's own scope. To cancel a subject is a command, given for a reason by somebody
 * who may: a cancellation that is asked for in Temporal's own UI ends nothing, and becomes a task for a person.
 * @param open makes the run of the workflow's input
 * @param input of the workflow; a new run gets the same, with what is carried
 * @param stored what is carried, as it is stored
 */
export async function live<T extends AggregateTypes, Run extends AggregateRun<T>, Messages>(
  subject: Subject<T, Run, Messages>,
  open: () => Run,
  input: object,
  stored: (run: Run) => object,
): Promise<Run> {
  const { cancelRequested } = CancellationScope.current();
  return CancellationScope.nonCancellable(async () => {
    const run = open();
    if (run.state.seq === 0) subject.begin(run);
    takeCommands<T, Run>(run, subject.commands, subject.steps, subject.serial);
    takeSignals<T, Run, Messages>(run, subject.signals, subject);
    setHandler(defineSignal(NEW_VERSION), () => undefined);
    cancelRequested.catch(() => {
      if (!run.over() && !run.state.cancelRequested) run.append('cancelRequested', {});
    });
    const background = [
      ...STANDING_TASKS.map((task) => task<T>(run)),
      ...subject.background.map((work) => work(run)),
    ].map((work) => uninterrupted(run, work));
    await uninterrupted(run, subject.work(run));
    await Promise.all(background);
    if (run.over()) await subject.close?.(run);
    await run.drained();
    if (!run.over()) return goOnAsNew<(next: object) => Promise<never>>({ ...input, carried: stored(run) });
    return run;
  });
}

/**
 * A part that ends because the whole is over, or goes on in a new run, has not failed. Anything else is a fault of ours:
 * the task fails and is tried again by a corrected build, and the subject never closes by it.
 */
async function uninterrupted(run: Waiter, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Interrupted && (run.over() || run.continuingAsNew())) return;
    throw new Error('The workflow met a fault', { cause: error });
  }
}

const DUTY_SUPERVISOR: WaitSpec['whom'] = { kind: 'role', id: 'duty_supervisor' };

/** A task for somebody for as long as `holds`, again and again. */
export async function whenever<T extends AggregateTypes>(
  run: AggregateRun<T>,
  holds: () => boolean,
  spec: Omit<WaitSpec, 'phase'>,
): Promise<never> {
  for (;;) {
    await until(run, holds);
    await waitFor(run, { ...spec, phase: run.phase ?? '' }, () => !holds());
  }
}

/** What every subject asks people for, whatever its kind. */
const STANDING_TASKS: ReadonlyArray<<T extends AggregateTypes>(run: AggregateRun<T>) => Promise<never>> = [
  // Somebody asked Temporal to cancel the workflow. The subject goes on; a person decides with the subject's own commands.
  (run) =>
    whenever(run, () => run.state.cancelRequested, {
      key: 'cancelRequest',
      whom: DUTY_SUPERVISOR,
      what: 'cancelRequest',
      blocks: false,
    }),
  (run) =>
    whenever(run, () => run.buffer.full, {
      key: 'bufferedMessages',
      whom: DUTY_SUPERVISOR,
      what: 'bufferedMessages',
      blocks: false,
    }),
];

/**
 * Registers every command as an update. Validators are synchronous and read state only: a refusal costs no history.
 * A handler runs outside the workflow's own scope: what has begun is brought to its end, also when somebody asks
 * Temporal to cancel the workflow.
 * @param serial commands one after the other, each recorded before the next begins
 */
function takeCommands<T extends AggregateTypes, Run extends AggregateRun<T>>(
  run: Run,
  commands: Commands<T['state']>,
  steps: Steps<Run>,
  serial: boolean,
): void {
  const refused = (reason: string): ApplicationFailure => {
    const details: Refusal = { reason, allowed: commands.allowed(run.state, ROLES, run.now()) };
    return ApplicationFailure.nonRetryable(reason, COMMAND_REFUSED, details);
  };
  const givenOf = (sent: Decision) => ({ ...sent, at: run.now(), rules: run.rules });
  const refuseUnlessAllowed = ({ name }: Command, sent: Decision): void => {
    if (run.memory.answerTo(sent.commandId)) return;
    const reason = commands.refusal(name, run.state, sent.args, givenOf(sent));
    if (reason !== undefined) throw refused(reason);
  };
  const put = (drafts: readonly Draft<SubjectTypes['event']>[], by: By): void => {
    for (const { type, data, at } of drafts) run.append(type, data, at === undefined ? by : { ...by, at });
  };
  /** Without a step all of it happens at once. */
  const effect = (command: Command, sent: Decision): Detail | Promise<Detail> => {
    const { commandId, actor, reasonCode, noteId } = sent;
    const by: By = { commandId, actor, ...(reasonCode ? { reasonCode } : {}), ...(noteId ? { noteId } : {}) };
    const done = command.effect(run.state, sent.args, givenOf(sent));
    if ('step' in done) {
      const step = steps[done.step];
      if (!step) throw new Error(`There is no step ${done.step}`);
      return step(run, done.input, by).then((result) => {
        put(done.events?.(result) ?? [], by);
        return result;
      });
    }
    put('events' in done ? done.events : done, by);
    if (command.then === 'continueAsNew') run.continueAsNewSoon();
    return 'detail' in done ? done.detail : {};
  };
  const carryOut = async (command: Command, sent: Decision): Promise<T['answer']> => {
    const before = run.memory.answerTo(sent.commandId);
    if (before) {
      await run.recorder.recorded();
      return before;
    }
    // What came before in the line may have changed what is allowed.
    if (serial) refuseUnlessAllowed(command, sent);
    try {
      const counts = effect(command, sent);
      const answer = run.answer(counts instanceof Promise ? await counts : counts);
      run.memory.remember(sent.commandId, answer);
      await run.recorder.recorded();
      return answer;
    } catch (failure) {
      throw failure instanceof ReservationRefused ? refused(failure.message) : failure;
    }
  };
  for (const command of commands.list)
    setHandler(
      defineUpdate<T['answer'], [Decision]>(command.name),
      (sent: Decision) =>
        CancellationScope.nonCancellable(() =>
          serial ? run.exclusively(() => carryOut(command, sent)) : carryOut(command, sent),
        ),
      { validator: (sent: Decision) => refuseUnlessAllowed(command, sent) },
    );
}

/**
 * Registers every signal. Each takes a batch, so that messages of one moment share a workflow task; each message has one
 * effect however often it comes. Handlers never throw: what does not fit is left to the inbox's own record.
 */
function takeSignals<T extends AggregateTypes, Run extends AggregateRun<T>, Messages>(
  run: Run,
  signals: SignalModules<Run, Messages>,
  { serial }: { serial: boolean },
): void {
  for (const name of Object.keys(signals) as Array<keyof Messages & string>)
    takeSignal<T, Run, Messages[typeof name]>(run, name, signals[name], serial);
}

function takeSignal<T extends AggregateTypes, Run extends AggregateRun<T>, Message>(
  run: Run,
  name: string,
  { key, handle }: SignalModule<Run, Message>,
  serial: boolean,
): void {
  setHandler(defineSignal<[Message | Message[]]>(name), (sent) =>
    CancellationScope.nonCancellable(async () => {
      for (const message of Array.isArray(sent) ? sent : [sent]) {
        if (!run.memory.isNew(key(message))) continue;
        const handled = serial ? run.exclusively(() => handle(run, message)) : handle(run, message);
        // What is handled at once lets nothing else in between the messages of one batch.
        if (handled instanceof Promise) await handled;
      }
    }),
  );
}
