import { ActivityFailure, CancellationScope, sleep } from '@temporalio/workflow';
import type { MovementRun } from './run.ts';

/** How long, in real time, after a failed compensate it is tried again. A person has had the task since the first failure. */
const AGAIN_AFTER = '1 minute';

/**
 * Undoes something that was done, whatever is cancelled around it, and goes on until it is compensated. When it cannot be
 * compensated at once it is a event and a task for a person (`compensationFailed`); it is never passed over.
 */
export async function compensate<T>(run: MovementRun, step: string, work: () => Promise<T>): Promise<T> {
  return CancellationScope.nonCancellable(async () => {
    for (;;) {
      try {
        const result = await work();
        if (run.state.compensating.includes(step)) run.event('compensated', { step });
        return result;
      } catch (failure) {
        // Anything else is a fault of ours and fails the task, which is tried again by a corrected build.
        if (!(failure instanceof ActivityFailure)) throw failure;
        if (!run.state.compensating.includes(step)) run.event('compensationFailed', { step });
        await sleep(AGAIN_AFTER);
      }
    }
  });
}
