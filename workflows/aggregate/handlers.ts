import { ApplicationFailure, CancellationScope, defineSignal, defineUpdate, setHandler } from '@temporalio/workflow';
import { ROLES } from '../../domain/actor.ts';
import type { Command, Commands, Decision, Detail, Draft, Subject } from '../../domain/commands.ts';
import type { EventHeader } from '../../domain/journeys/events.ts';
import { COMMAND_REFUSED, type Refusal } from '../messages.ts';
import type { AggregateRun, AggregateTypes } from './run.ts';

/** Who gave a command, as it stands in the events that the command makes. */
type By = Partial<EventHeader>;

/** How a workflow takes each step that its commands name (domain/commands.ts). */
export type StepsOf<Steps extends Subject['steps'], Run> = {
  readonly [N in keyof Steps]: (run: Run, input: Steps[N]['input'], by: By) => Promise<Steps[N]['result']>;
};
/** The same where only the name of the step is known. A command and its step agree by its definition. */
export type Steps<Run> = Readonly<Record<string, { take(run: Run, input: object, by: By): Promise<Detail> }['take']>>;

/** Thrown by a step whose transaction says no; whoever gave the command reads the reason. */
export class ReservationRefused extends Error {}

/**
 * Registers every command as an update. Validators are synchronous and read state only: a refusal costs no history.
 * A handler runs outside the workflow's own scope: what has begun is brought to its end, also when somebody asks
 * Temporal to cancel the workflow.
 * @param serial commands one after the other, each recorded before the next begins
 */
export function takeCommands<T extends AggregateTypes, Run extends AggregateRun<T>>(
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
  const put = (drafts: readonly Draft<Subject['event']>[], by: By): void => {
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

/** What the runner needs of one signal: the key by which a message is known, and what is done the first time it comes. */
export type SignalModule<Run, Message> = {
  key: (message: Message) => string;
  handle: (run: Run, message: Message) => Promise<void> | void;
};

export type SignalModules<Run, Messages> = { readonly [S in keyof Messages]: SignalModule<Run, Messages[S]> };

/**
 * Registers every signal. Each takes a batch, so that messages of one moment share a workflow task; each message has one
 * effect however often it comes. Handlers never throw: what does not fit is left to the inbox's own record.
 */
export function takeSignals<T extends AggregateTypes, Run extends AggregateRun<T>, Messages>(
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
