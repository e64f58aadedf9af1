import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Chore } from '../application/background.ts';
import type { ChoreInput } from '../domain/workflowInputs.ts';

export type ChoreActivities = { runChore(input: ChoreInput): Promise<void> };

/** @param chores by their names */
export function choreActivities(chores: Readonly<Record<string, Chore>>): ChoreActivities {
  return {
    async runChore({ chore }) {
      const { cancellationSignal } = Context.current();
      const run = chores[chore];
      if (!run) throw ApplicationFailure.nonRetryable(`This build has no chore ${chore}`, 'UnknownChore');
      await run(() => cancellationSignal.aborted);
    },
  };
}
