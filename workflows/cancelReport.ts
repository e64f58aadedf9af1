import { CancellationScope, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { CancelRequestActivities } from '../activities/background.ts';

const { reportCancelRequest } = proxyActivities<CancelRequestActivities>({
  startToCloseTimeout: '30s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1 minute' },
  summary: 'Notify people that somebody asked Temporal to cancel this',
});

/** Whether somebody has asked Temporal to cancel the workflow, and the report of it. */
export type CancelWatch = { asked: boolean; reported: Promise<void> };

/**
 * For a workflow that has no subject, and so no waits: runs it outside its own scope, so that a cancellation which is
 * asked for in Temporal's own UI stops nothing silently, and raises an alarm instead.
 * @param wake what the workflow wants to do when it is asked
 */
export function reportingCancelRequests<T>(
  about: { subject: string; operationId?: string },
  work: (watch: CancelWatch) => Promise<T>,
  wake: () => void = () => {},
): Promise<T> {
  const { cancelRequested } = CancellationScope.current();
  return CancellationScope.nonCancellable(async () => {
    const watch: CancelWatch = { asked: false, reported: Promise.resolve() };
    cancelRequested.catch(() => {
      watch.asked = true;
      watch.reported = reportCancelRequest({ ...about, runId: workflowInfo().runId });
      wake();
    });
    const result = await work(watch);
    await watch.reported;
    return result;
  });
}
