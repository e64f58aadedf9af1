import { proxyActivities } from '@temporalio/workflow';
import type { ChoreActivities } from '../activities/background.ts';
import { CHORE_INPUT } from '../domain/workflowInputs.ts';

const { runChore } = proxyActivities<ChoreActivities>({
  startToCloseTimeout: '50 minutes',
  heartbeatTimeout: '1 minute',
  retry: { initialInterval: '10s', backoffCoefficient: 2, maximumInterval: '5 minutes' },
});

/** One run of a job that a Temporal Schedule starts (application/background.ts). */
export async function chore(given: unknown): Promise<void> {
  await runChore(CHORE_INPUT.read(given));
}
