import { TASK_QUEUE, workflowId } from '../workflows/messages.ts';

/** The run of one step of an import; `round` counts how often its list has been checked. */
export const runOf = (step: 'check' | 'commit') => (importId: string, round: number) => ({
  workflowId: workflowId.import(importId, step, round),
  taskQueue: TASK_QUEUE,
});
