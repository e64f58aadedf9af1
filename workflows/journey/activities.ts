import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { NotificationActivities, PartnerActivities } from '../../activities/ports.ts';

/** Asking a partner goes on until it is reached: a partner that is down for three days strands nobody, its wait rings people. */
// A request that is on its way when the person has arrived is left to itself: cancelling would not unsay it.
const longRetry = {
  startToCloseTimeout: '60s',
  // Whoever is at it says so every 5 s: the call of a worker that was killed is taken up soon.
  heartbeatTimeout: '15s',
  retry: { initialInterval: '2s', backoffCoefficient: 2, maximumInterval: '10 minutes' },
  cancellationType: ActivityCancellationType.ABANDON,
} as const;

type PartnerEndpoint<Name extends keyof PartnerActivities> = PartnerActivities[Name];

/** Each proxy carries the summary that Temporal's own UI shows. */
function partner<Name extends keyof PartnerActivities>(name: Name, summary: string): PartnerEndpoint<Name> {
  return proxyActivities<PartnerActivities>({ ...longRetry, summary })[name];
}

export const partners: PartnerActivities = {
  lookUpIdentity: partner('lookUpIdentity', 'Ask the registry who this is'),
  requestVerification: partner('requestVerification', 'Ask the consulate whether this is a national'),
  requestDocument: partner('requestDocument', 'Ask the consulate for a travel document'),
  requestFitness: partner('requestFitness', 'Ask the clinic for a health check'),
  requestExitPermit: partner('requestExitPermit', 'Ask the authority for an exit permit'),
  sendEvidence: partner('sendEvidence', 'Send the consulate the evidence it asked for'),
  recallRequest: partner('recallRequest', 'Recall the request from the partner'),
  remindPartner: partner('remindPartner', 'Remind the partner'),
};

export const notify: NotificationActivities = proxyActivities<NotificationActivities>({
  startToCloseTimeout: '60s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1 minute' },
  summary: 'Notify another workflow of the operation',
});
