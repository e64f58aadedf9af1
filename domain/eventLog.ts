import { PAIR_EVENT_FORMS } from './duplicates/decisions.ts';
import { JOURNEY_EVENT_FORMS } from './journeys/events.ts';
import { MOVEMENT_EVENT_FORMS } from './movements/events.ts';
import { OPERATION_EVENT_FORMS } from './operations/events.ts';
import type { SubjectKind } from './record.ts';
import { type EventForms, eventForms } from './versioned.ts';

/** How the events of each kind of subject are written to the event log and read from it. */
export const EVENT_FORMS: Readonly<Record<SubjectKind | 'pair', EventForms>> = {
  journey: JOURNEY_EVENT_FORMS,
  movement: MOVEMENT_EVENT_FORMS,
  operation: OPERATION_EVENT_FORMS,
  household: eventForms('household', {}),
  pair: PAIR_EVENT_FORMS,
};
