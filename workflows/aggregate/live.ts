import { CancellationScope, defineSignal, setHandler } from '@temporalio/workflow';
import type { Commands } from '../../domain/commands.ts';
import { goOnAsNew, NEW_VERSION } from '../versions.ts';
import { Interrupted, until, type Waiter, type WaitSpec, waitFor } from '../waiting.ts';
import { type SignalModules, type Steps, takeCommands, takeSignals } from './handlers.ts';
import type { AggregateRun, AggregateTypes } from './run.ts';

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
