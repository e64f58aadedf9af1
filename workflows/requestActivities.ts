import { ActivityCancellationType, type ActivityOptions, proxyActivities } from '@temporalio/workflow';
import type { RequestActivities } from '../activities/requests.ts';
import { REQUESTS } from '../domain/requests/index.ts';

/**
 * Asking a partner goes on until it is reached: a partner that is down for three days strands nobody: its wait escalates to
 * people. Each proxy carries the summary that Temporal's own UI shows.
 */
const partner = (summary: string, more: ActivityOptions = {}): RequestActivities =>
  proxyActivities<RequestActivities>({
    startToCloseTimeout: '60s',
    // Whoever is at it says so every 5 s: the call of a worker that was killed is taken up soon.
    heartbeatTimeout: '15s',
    retry: { initialInterval: '2s', backoffCoefficient: 2, maximumInterval: '10 minutes' },
    cancellationType: ActivityCancellationType.ABANDON,
    summary,
    ...more,
  });

/** @param more other limits of the time that is tried */
export const sendRequest = (input: Parameters<RequestActivities['sendRequest']>[0], more?: ActivityOptions) =>
  partner(REQUESTS[input.kind].summary, more).sendRequest(input);
export const { sendEvidence } = partner('Send the partner the evidence that it requested');
export const { recallRequest } = partner('Recall the request from the partner');
export const { remindRequest } = partner('Remind the partner');
export const { setAnswerAside } = partner('Put an answer that nobody waits for before a person');
