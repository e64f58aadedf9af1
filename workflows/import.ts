import { proxyActivities, sleep } from '@temporalio/workflow';
import type { ImportActivities } from '../activities/background.ts';
import { IMPORT_INPUT } from '../domain/workflowInputs.ts';
import { reportingCancelRequests } from './cancelReport.ts';

/** A list may take long; what matters is that it goes on. An attempt that dies is noticed by its missing heartbeat. */
const longRetry = {
  startToCloseTimeout: '2 hours',
  heartbeatTimeout: '30s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1 minute' },
} as const;

const { checkList } = proxyActivities<ImportActivities>({ ...longRetry, summary: 'Judge every row of the list' });
const { commitList } = proxyActivities<ImportActivities>({
  ...longRetry,
  summary: 'Register the list household by household',
});
const { countStartsLeft, finishImport } = proxyActivities<ImportActivities>({
  startToCloseTimeout: '30s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1 minute' },
});

const FIRST_LOOK = 2_000;
const LAST_LOOK = 60_000;

/**
 * The import of a list. The check is one run; the commit, which a person orders, is another. A cancellation requested
 * in Temporal's own UI raises an alarm, and the step continues to its end: half a list helps nobody.
 */
export async function importList(given: unknown): Promise<void> {
  const { importId, operationId, step } = IMPORT_INPUT.read(given);
  await reportingCancelRequests({ subject: importId, operationId }, () =>
    step === 'check' ? checkList({ importId }) : commit(importId),
  );
}

async function commit(importId: string): Promise<void> {
  const { committed } = await commitList({ importId });
  if (!committed) return;
  // The starter paces the journeys; the import is done when every one of them runs.
  for (let pause = FIRST_LOOK; (await countStartsLeft({ importId })) > 0; pause = Math.min(pause * 2, LAST_LOOK)) {
    await sleep(pause, { summary: 'Journeys are being started' });
  }
  await finishImport({ importId });
}
