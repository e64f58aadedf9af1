import { PAIR_EVENT_FORMS } from './duplicates/decisions.ts';
import type { Effects, EventDefinition } from './events.ts';
import { type EventHeader, JOURNEY_EVENT_FORMS, JOURNEY_EVENTS } from './journeys/events.ts';
import type { Wait } from './journeys/waits.ts';
import { MOVEMENT_EVENT_FORMS, MOVEMENT_EVENTS } from './movements/events.ts';
import { OPERATION_EVENT_FORMS, OPERATION_EVENTS } from './operations/events.ts';
import type { Instant } from './time.ts';
import { type EventForms, eventForms } from './versioned.ts';

/**
 * What a workflow hands to `record`, the only write path of the event log: the events of one workflow task, with the
 * projection and the waits that hold after the last of them. Written in one transaction, or not at all.
 */
export type SubjectKind = 'journey' | 'movement' | 'operation' | 'household';

export type RecordedEvent = EventHeader & { seq: number; type: string; phase?: string; data: Record<string, unknown> };

export type RecordBatch = {
  subject: string;
  subjectKind: SubjectKind;
  operationId: string;
  /** sequence number of the last event that the workflow knows to stand; its own begin after it */
  after: number;
  /** ascending, without a gap */
  events: RecordedEvent[];
  /** columns of the subject's row after the last event (adapters/postgres/eventLog knows their names); newest sequence wins */
  projection: Record<string, unknown>;
  /** all waits that are open after the last event: others of the subject are closed, and their tasks with them */
  waits: Wait[];
  /** escalationSteps reached, with the real moment they were due: how late they are is measured when they are written */
  escalationSteps?: Array<{ key: string; escalationStep: string; dueReal: Instant }>;
};

export type RecordResult = {
  /** all events recorded after `after`, in the order of the event log; only where they differ from the given batch */
  alreadyRecorded?: RecordedEvent[];
  /** movements where the subject held an active seat when a hold or a withdrawal was recorded: they must be notified */
  seatedOn: string[];
  /** households that were judged again, in which holds stand that their journeys do not know yet */
  held?: string[];
  /**
   * Where the batch may have changed what the household waits for: whether a member cannot be asked about yet, or lacks
   * more than a health check. `tell`: there are others who are told. The household is the one before the batch.
   */
  members?: { householdId: string; open: boolean; unready: boolean; tell: boolean };
};

/**
 * A workflow task may be lost after its events were recorded: its worker is killed, or the server refuses its completion
 * because a message came meanwhile. It runs again with that message first, or without its command. Then the event log has
 * events in another order, or some that the workflow does not know. Recorded events stay; new ones are appended.
 * @returns the event log from there on; undefined if the subject's first event is another one: two subjects under one id
 */
export function merged(
  alreadyRecorded: readonly RecordedEvent[],
  own: readonly RecordedEvent[],
): RecordedEvent[] | undefined {
  const [first] = alreadyRecorded;
  const [begun] = own;
  if (first?.seq === 1 && begun?.seq === 1 && !isSame(first, begun)) return undefined;
  const left = [...alreadyRecorded];
  const more = own.filter((event) => {
    const at = left.findIndex((other) => isSame(other, event));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  const last = alreadyRecorded.at(-1)?.seq ?? 0;
  return [...alreadyRecorded, ...more.map((event, index) => ({ ...event, seq: last + index + 1 }))];
}

/**
 * A command makes a event of a type once, whatever it said the second time; anything else is known by what it says. A
 * field that a newer build adds when it reads what is recorded makes no other event.
 */
function isSame(recorded: RecordedEvent, own: RecordedEvent): boolean {
  if (recorded.type !== own.type || recorded.commandId !== own.commandId) return false;
  if (own.commandId !== undefined) return true;
  return Object.entries(own.data).every(([field, value]) => canonical(recorded.data[field]) === canonical(value));
}

function canonical(value: unknown): string | undefined {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** The events of each kind of subject. */
export const SUBJECT_EVENTS: Readonly<Record<SubjectKind, Readonly<Record<string, EventDefinition>>>> = {
  journey: JOURNEY_EVENTS,
  movement: MOVEMENT_EVENTS,
  operation: OPERATION_EVENTS,
  household: {},
};

/** How the events of each kind of subject are written to the event log and read from it. */
export const EVENT_FORMS: Readonly<Record<SubjectKind | 'pair', EventForms>> = {
  journey: JOURNEY_EVENT_FORMS,
  movement: MOVEMENT_EVENT_FORMS,
  operation: OPERATION_EVENT_FORMS,
  household: eventForms('household', {}),
  pair: PAIR_EVENT_FORMS,
};

/** What this event changes beside the event log; conditions that it does not meet are taken out. */
export function effectsOf(kind: SubjectKind, event: RecordedEvent): Effects {
  const { service, consent, partnerEvent, freesSeats, freesSeatsIf, ...effects } =
    SUBJECT_EVENTS[kind][event.type]?.effects ?? {};
  return {
    ...effects,
    ...(freesSeats && meets(event, freesSeatsIf) ? { freesSeats } : {}),
    ...(partnerEvent && meets(event, partnerEvent.onlyIf) ? { partnerEvent } : {}),
    ...(service && meets(event, service.onlyIf) ? { service } : {}),
    ...(consent && meets(event, consent.onlyIf) ? { consent } : {}),
  };
}

function meets({ data }: RecordedEvent, onlyIf: Readonly<Record<string, unknown>> = {}): boolean {
  return Object.entries(onlyIf).every(([field, value]) => data[field] === value);
}
