import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { OfficeActivities, TellActivities } from '../../activities/ports.ts';

/** Asking an office goes on until it is reached: an office that is down for three days strands nobody, its wait rings people. */
// A question that is on its way when the person has arrived is left to itself: cancelling would not unsay it.
const patient = {
  startToCloseTimeout: '60s',
  // Whoever is at it says so every 5 s: the call of a worker that was killed is taken up soon.
  heartbeatTimeout: '15s',
  retry: { initialInterval: '2s', backoffCoefficient: 2, maximumInterval: '10 minutes' },
  cancellationType: ActivityCancellationType.ABANDON,
} as const;

type Office<Name extends keyof OfficeActivities> = OfficeActivities[Name];

/** Each proxy carries the summary that Temporal's own UI shows. */
function office<Name extends keyof OfficeActivities>(name: Name, summary: string): Office<Name> {
  return proxyActivities<OfficeActivities>({ ...patient, summary })[name];
}

export const offices: OfficeActivities = {
  lookUpIdentity: office('lookUpIdentity', 'Ask the registry who this is'),
  requestVerification: office('requestVerification', 'Ask the consulate whether this is a national'),
  requestDocument: office('requestDocument', 'Ask the consulate for a travel document'),
  requestFitness: office('requestFitness', 'Ask the clinic for a health check'),
  requestExitPermit: office('requestExitPermit', 'Ask the authority for an exit permit'),
  sendEvidence: office('sendEvidence', 'Send the consulate the evidence it asked for'),
  recallRequest: office('recallRequest', 'Tell the office to disregard the question'),
  remindOffice: office('remindOffice', 'Remind the office'),
};

export const tell: TellActivities = proxyActivities<TellActivities>({
  startToCloseTimeout: '60s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1 minute' },
  summary: 'Tell another part of the operation',
});
