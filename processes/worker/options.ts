import type { WorkerOptions } from '@temporalio/worker';

/** Each waiting workflow costs some 300 KB; beyond this the oldest is replayed when it wakes (ceilings.md 2.3, 2.4). */
const CACHED_WORKFLOWS = 3_000;

/** How a worker of the system works, whatever it does. */
export const WORKER_OPTIONS = {
  maxCachedWorkflows: CACHED_WORKFLOWS,
  workflowTaskPollerBehavior: { type: 'autoscaling' },
  activityTaskPollerBehavior: { type: 'autoscaling' },
  shutdownGraceTime: '5s',
} as const satisfies Partial<WorkerOptions>;
