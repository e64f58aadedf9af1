import type { Role } from '../actor.ts';
import { DAY, type Instant } from '../time.ts';
import type { Ending } from './statuses.ts';

/** Two of them reopen a journey that was ended by mistake. */
export const REOPENERS: readonly Role[] = [
  'protection_officer',
  'protection_lead',
  'duty_supervisor',
  'operation_lead',
];

/** Later than this a completed journey is history: whoever needs help again is registered anew. Operation time. */
const COMPLETED_WITHIN = 90 * DAY;

/** What decides whether a journey may be reopened. */
export type EndedJourney = {
  ending: Ending | null;
  endedAt: Instant | null;
  /** the person has another journey that is open */
  otherOpen: boolean;
  /** what identifies the person was erased */
  erased: boolean;
  operationOpen: boolean;
  /** its workflow still recalls requests and notifies the household */
  closing: boolean;
};

/** Why the journey cannot be reopened, in a sentence that any member of staff may read, or undefined. */
export function reopeningRefusal(journey: EndedJourney, at: Instant): string | undefined {
  const { ending, endedAt } = journey;
  if (ending === null) return 'The journey is open';
  if (journey.closing) return 'The ending is still being carried out; try again in a minute';
  if (!journey.operationOpen) return 'The operation is closed';
  if (journey.erased) return 'What identifies the person was erased; register them anew';
  if (journey.otherOpen) return 'The person has another open journey';
  if (ending === 'completed' && at - (endedAt ?? 0) > COMPLETED_WITHIN)
    return 'The journey was completed more than 90 days ago; register the person anew';
  return undefined;
}
