import { ApplicationFailure, CancellationScope, defineUpdate, setHandler } from '@temporalio/workflow';
import type { EventHeader } from '../../domain/journeys/events.ts';
import { COMMAND_REFUSED, type Command, type Refusal } from '../messages.ts';
import type { AggregateRun, AggregateTypes } from './run.ts';

/** Who gave a command, as it stands inBackground the events that the command makes. */
export type By = Partial<EventHeader>;

type Detail = Record<string, number>;

/** What the runner needs of one command of a subject. */
export type CommandModule<Run, Args> = {
  /** why it is refused now, or undefined; synchronous, reads the state only */
  refusal: (run: Run, command: Command<Args>) => string | undefined;
  /** what it does; counts that go into the answer, where there are any */
  effect: (run: Run, args: Args, by: By, command: Command<Args>) => Promise<Detail | void> | Detail | void;
};

/** All commands of a subject: the arguments of each by its name. */
export type CommandModules<Run, Args> = { readonly [C in keyof Args]: CommandModule<Run, Args[C]> };

/** Thrown by an effect whose reservation says no; whoever gave the command reads the reason. */
export class ReservationRefused extends Error {}

export type Dispatch<Run> = {
  /** commands and messages one after the other, each recorded before the next begins */
  serial: boolean;
  /** the commands that could be given now, for whoever is refused */
  allowed: (run: Run) => string[];
};

/**
 * Registers every command as an update. Validators are synchronous and read state only: a refusal costs no history.
 * A handler runs outside the workflow's own scope: what has begun is brought to its end, also when somebody asks
 * Temporal to cancel the workflow.
 */
export function takeCommands<T extends AggregateTypes, Run extends AggregateRun<T>, Args>(
  run: Run,
  commands: CommandModules<Run, Args>,
  dispatch: Dispatch<Run>,
): void {
  for (const name of Object.keys(commands) as Array<keyof Args & string>)
    takeCommand<T, Run, Args[typeof name]>(run, name, commands[name], dispatch);
}

function takeCommand<T extends AggregateTypes, Run extends AggregateRun<T>, Args>(
  run: Run,
  name: string,
  module: CommandModule<Run, Args>,
  { serial, allowed }: Dispatch<Run>,
): void {
  const refused = (reason: string): ApplicationFailure => {
    const details: Refusal = { reason, allowed: allowed(run) };
    return ApplicationFailure.nonRetryable(reason, COMMAND_REFUSED, details);
  };
  const refuseUnlessAllowed = (command: Command<Args>): void => {
    if (run.memory.answerTo(command.commandId)) return;
    const reason = module.refusal(run, command);
    if (reason !== undefined) throw refused(reason);
  };
  const carryOut = async (command: Command<Args>): Promise<T['answer']> => {
    const before = run.memory.answerTo(command.commandId);
    if (before) {
      await run.recorder.recorded();
      return before;
    }
    // What came before in the line may have changed what is allowed.
    if (serial) refuseUnlessAllowed(command);
    const { commandId, actor, reasonCode, noteId, args } = command;
    const by: By = { commandId, actor, ...(reasonCode ? { reasonCode } : {}), ...(noteId ? { noteId } : {}) };
    try {
      const effect = module.effect(run, args, by, command);
      const detail = effect instanceof Promise ? await effect : effect;
      const answer = run.answer(detail ?? {});
      run.memory.remember(commandId, answer);
      await run.recorder.recorded();
      return answer;
    } catch (failure) {
      throw failure instanceof ReservationRefused ? refused(failure.message) : failure;
    }
  };
  setHandler(
    defineUpdate<T['answer'], [Command<Args>]>(name),
    (command: Command<Args>) =>
      CancellationScope.nonCancellable(() => (serial ? run.exclusively(() => carryOut(command)) : carryOut(command))),
    { validator: refuseUnlessAllowed },
  );
}
