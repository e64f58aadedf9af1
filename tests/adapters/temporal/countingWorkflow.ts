import { ApplicationFailure } from '@temporalio/common';
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  defineSignal,
  defineUpdate,
  setHandler,
} from '@temporalio/workflow';
import type { Decision } from '../../../domain/commands.ts';
import { COMMAND_REFUSED } from '../../../workflows/messages.ts';

type State = { count: number; answered: Record<string, number>; run: number };

/** A workflow with one update, for tests of the client: it counts, refuses, continues as new, and ends. */
export async function counting(state: State = { count: 0, answered: {}, run: 1 }): Promise<number> {
  let next = false;
  let end = false;
  setHandler(
    defineUpdate<{ count: number; run: number }, [Decision<{ refuse?: boolean; slow?: boolean }>]>('step'),
    async (command) => {
      const before = state.answered[command.commandId];
      if (before !== undefined) return { count: before, run: state.run };
      if (command.args.slow) await condition(() => next || end);
      state.count += 1;
      state.answered[command.commandId] = state.count;
      return { count: state.count, run: state.run };
    },
    {
      validator: (command) => {
        if (command.args.refuse)
          throw ApplicationFailure.nonRetryable('no', COMMAND_REFUSED, { reason: 'no', allowed: ['step'] });
      },
    },
  );
  setHandler(defineSignal('next'), () => {
    next = true;
  });
  setHandler(defineSignal('end'), () => {
    end = true;
  });
  await condition(() => next || end);
  await condition(allHandlersFinished);
  if (end) return state.count;
  return continueAsNew<typeof counting>({ ...state, run: state.run + 1 });
}
