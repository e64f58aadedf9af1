import { CancellationScope, defineSignal, setHandler } from '@temporalio/workflow';
import type { AggregateRun, AggregateTypes } from './run.ts';

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
