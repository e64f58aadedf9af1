import { makeContinueAsNewFunc, type Workflow, workflowInfo } from '@temporalio/workflow';

export { NEW_VERSION } from './messages.ts';

/**
 * Whether this run ends at its next wait, so that the workflow goes on in a new run: its history is long, or another
 * worker version takes new workflows. The server says the second with the next workflow task and wakes nobody for it,
 * hence the signal `NEW_VERSION`.
 */
export function newVersionWanted(): boolean {
  const { continueAsNewSuggested, targetWorkerDeploymentVersionChanged } = workflowInfo();
  return continueAsNewSuggested || targetWorkerDeploymentVersionChanged;
}

/**
 * Continues as new in the current worker version, and is pinned to that one. A plain `continueAsNew` stays on the old
 * version. Every handler must have finished before.
 */
export function goOnAsNew<F extends Workflow>(...args: Parameters<F>): Promise<never> {
  return makeContinueAsNewFunc<F>({ initialVersioningBehavior: 'AUTO_UPGRADE' })(...args);
}
