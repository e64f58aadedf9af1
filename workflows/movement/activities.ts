import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { MovementActivities } from '../../activities/movements.ts';
import type { RequestActivities } from '../../activities/requests.ts';
import { LONG } from '../aggregate/compensate.ts';

const retry = { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' } as const;

/** TokenClaims on a row or two of our own database. */
export const transactions = proxyLocalActivities<
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

export const lists: Large = {
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
