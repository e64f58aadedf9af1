import {
  ActivityCancellationType,
  type ActivityOptions,
  proxyActivities,
  proxyLocalActivities,
} from '@temporalio/workflow';
import type { RequestActivities } from '../activities/requests.ts';
import type { MovementActivities, NotificationActivities } from '../activities/subjects.ts';
import { REQUESTS } from '../domain/requests/index.ts';
import { LONG } from './aggregate/compensate.ts';

export const notify: NotificationActivities = proxyActivities<NotificationActivities>({
  startToCloseTimeout: '60s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1 minute' },
  summary: 'Notify another workflow of the operation',
});

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

const retry = { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' } as const;

/** TokenClaims on a row or two of our own database. */
export const movementTransactions = proxyLocalActivities<
  Pick<
    MovementActivities,
    'writeClearance' | 'changeVehicle' | 'releaseHousehold' | 'departSeats' | 'arriveSeats' | 'reconcileSeats'
  >
>({ startToCloseTimeout: '30s', retry, localRetryThreshold: '30s' });

type Large = Pick<MovementActivities, 'allocateSeats' | 'lockManifest' | 'applyScans' | 'notifyJourneys'>;

/** TokenClaims on whole lists: they may take seconds, and carry the summary that Temporal's own UI shows. */
function large<Name extends keyof Large>(name: Name, summary: string): Large[Name] {
  return proxyActivities<Large>({ startToCloseTimeout: '2 minutes', retry, summary })[name];
}

export const movementLists: Large = {
  allocateSeats: large('allocateSeats', 'Give the seats to whole households'),
  lockManifest: large('lockManifest', 'Check the preconditions of everybody and lock the manifest'),
  applyScans: large('applyScans', 'Apply what was scanned at the gate'),
  notifyJourneys: proxyActivities<Large>({
    startToCloseTimeout: '10 minutes',
    heartbeatTimeout: '1 minute',
    retry,
    summary: 'Notify everybody of the status of their seat',
  }).notifyJourneys,
};

type Compensating = Pick<MovementActivities, 'releaseAll'> & Pick<RequestActivities, 'recallRequest'>;

const soon = proxyActivities<Compensating>({
  startToCloseTimeout: '1 minute',
  retry: { ...retry, maximumAttempts: 5 },
  summary: 'Undo what was done for a movement that does not run',
});
const long = proxyActivities<Compensating>({
  ...LONG,
  summary: 'Undo what was done for a movement that does not run; a person has the task',
});

/** What a movement that does not run compensates, by the step that was done. */
export const COMPENSATIONS = {
  seats: { soon: soon.releaseAll, long: long.releaseAll },
  booking: { soon: soon.recallRequest, long: long.recallRequest },
} as const;
