import type { Effects, EventDefinition } from './events.ts';
import { JOURNEY_EVENTS } from './journeys/events.ts';
import { MOVEMENT_EVENTS } from './movements/events.ts';
import { OPERATION_EVENTS } from './operations/events.ts';
import type { RecordedEvent, SubjectKind } from './record.ts';

/** The events of each kind of subject. */
export const SUBJECT_EVENTS: Readonly<Record<SubjectKind, Readonly<Record<string, EventDefinition>>>> = {
  journey: JOURNEY_EVENTS,
  movement: MOVEMENT_EVENTS,
  operation: OPERATION_EVENTS,
  household: {},
};

/** What this event changes beside the event log; conditions that it does not meet are taken out. */
export function effectsOf(kind: SubjectKind, event: RecordedEvent): Effects {
  const { service, consent, ...effects } = SUBJECT_EVENTS[kind][event.type]?.effects ?? {};
  return {
    ...effects,
    ...(service && meets(event, service.onlyIf) ? { service } : {}),
    ...(consent && meets(event, consent.onlyIf) ? { consent } : {}),
  };
}

function meets({ data }: RecordedEvent, onlyIf: Readonly<Record<string, unknown>> = {}): boolean {
  return Object.entries(onlyIf).every(([field, value]) => data[field] === value);
}
