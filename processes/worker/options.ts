import type { WorkerOptions } from '@temporalio/worker';
import { DEPLOYMENT } from '../../adapters/temporal/versions.ts';

/** Each waiting workflow costs some 300 KB; beyond this the oldest is replayed when it wakes. */
const CACHED_WORKFLOWS = 3_000;

/** How a worker works, whatever it does. */
export const WORKER_OPTIONS = {
  maxCachedWorkflows: CACHED_WORKFLOWS,
  workflowTaskPollerBehavior: { type: 'autoscaling' },
  activityTaskPollerBehavior: { type: 'autoscaling' },
  shutdownGraceTime: '5s',
} as const satisfies Partial<WorkerOptions>;

/** A worker of an older version runs beside the one of today for what is left of it: it keeps little in memory. */
export const OLDER_WORKER_OPTIONS = {
  maxCachedWorkflows: 100,
  maxConcurrentWorkflowTaskExecutions: 10,
  maxConcurrentActivityTaskExecutions: 20,
  maxConcurrentLocalActivityExecutions: 20,
  workflowTaskPollerBehavior: { type: 'simple-maximum', maximum: 2 },
  activityTaskPollerBehavior: { type: 'simple-maximum', maximum: 2 },
  workflowThreadPoolSize: 1,
  shutdownGraceTime: '5s',
} as const satisfies Partial<WorkerOptions>;

/** Its workflows end in the version in which they began, or go on in another where they continue as new. */
export function pinnedTo(buildId: string): Pick<WorkerOptions, 'workerDeploymentOptions'> {
  return {
    workerDeploymentOptions: {
      version: { deploymentName: DEPLOYMENT, buildId },
      useWorkerVersioning: true,
      defaultVersioningBehavior: 'PINNED',
    },
  };
}
