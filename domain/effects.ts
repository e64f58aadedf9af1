import { type Effects, JOURNEY_EFFECTS } from './journeys/effects.ts';
import { MOVEMENT_EVENTS, OPERATION_EVENTS } from './outboxEvents.ts';
import type { RecordedEvent, SubjectKind } from './record.ts';

type Table = Readonly<Record<string, Effects | undefined>>;

const partnerEvents = (table: Readonly<Record<string, NonNullable<Effects['partnerEvent']>>>): Table =>
  Object.fromEntries(Object.entries(table).map(([type, partnerEvent]) => [type, { partnerEvent }]));

/** What each event changes, by the subject that it belongs to. */
export const EFFECTS: Readonly<Record<SubjectKind, Table>> = {
  journey: JOURNEY_EFFECTS,
  movement: partnerEvents(MOVEMENT_EVENTS),
  operation: partnerEvents(OPERATION_EVENTS),
  household: {},
};

/** What this event changes beside the event log; conditions that it does not meet are taken out. */
export function effectsOf(kind: SubjectKind, event: RecordedEvent): Effects {
  const { service, consent, ...effects } = EFFECTS[kind][event.type] ?? {};
  return {
    ...effects,
    ...(service && meets(event, service.onlyIf) ? { service } : {}),
    ...(consent && meets(event, consent.onlyIf) ? { consent } : {}),
  };
}

function meets({ data }: RecordedEvent, onlyIf: Readonly<Record<string, unknown>> = {}): boolean {
  return Object.entries(onlyIf).every(([field, value]) => data[field] === value);
}
