import type { z } from 'zod';
import type { Role } from './actor.ts';
import type { Settlement } from './holds.ts';
import type { MessageKey } from './messages/t.ts';
import type { EventType } from './outboxEvents.ts';
import type { Instant } from './time.ts';

type Fields = Record<string, unknown>;

/** Everything about one type of event. A subject lists its definitions in `domain/<subject>/events.ts`. */
export type EventDefinition<State = object, Schema extends z.ZodType = z.ZodType<Fields>, Data = z.output<Schema>> = {
  /** ids, codes, counts and moments only, so that no event names a person */
  readonly data: Schema;
  /** the key of its sentence in the history of a person; without one it does not stand there */
  readonly sentence?: MessageKey | { of(data: Data): MessageKey }['of'];
  readonly effects?: Effects<Data>;
  /** what it changes in the state; without it the event is history only. Events cannot fail. */
  evolve?(state: State, data: Data, at: Instant): Partial<State>;
};

/** The schemas of the data of these events. */
export function dataOf<const T extends Readonly<Record<string, EventDefinition>>>(definitions: T) {
  // The compiler cannot follow names through `fromEntries`.
  return Object.freeze(Object.fromEntries(Object.entries(definitions).map(([type, { data }]) => [type, data]))) as {
    readonly [N in keyof T]: T[N]['data'];
  };
}

/** How the state follows from the events: after each, with the next sequence number. */
export function evolveBy<State extends { seq: number }, Event extends { type: string; data: object; at: Instant }>(
  definitions: Readonly<Record<string, EventDefinition<State>>>,
) {
  return (state: State, { type, data, at }: Event): State => ({
    ...state,
    ...definitions[type]?.evolve?.(state, { ...data }, at),
    seq: state.seq + 1,
  });
}

/**
 * What an event changes beside the event log and the projection of its subject. It is data: whoever records the event
 * writes it with the event, in the same transaction.
 */
export type Effects<Data = Record<string, unknown>> = {
  /** seats in these statuses are in the way: their movement is notified, so that it releases the household group */
  freesSeats?: readonly SeatToFree[];
  /** the household may be another one: it is judged again, and holds follow in the same transaction */
  judgesHousehold?: true;
  /** the person counts as the `age` of the event from now on */
  setsAge?: true;
  /** the others of the household may wait for it (`RecordResult.members`) */
  concernsMembers?: true;
  /** only where the data says so, seats are freed */
  freesSeatsIf?: Partial<Data>;
  /** partners may be notified of it, with these fields, all of them ids or codes */
  partnerEvent?: { type: EventType; fields: ReadonlyArray<keyof Data & string>; onlyIf?: Partial<Data> };
  /** a service was given, and counts for this sector: reach is counted, never typed in */
  service?: { sector: string; kind: string; onlyIf?: Partial<Data> };
  /** a version of the consent; what is not said here the event says itself */
  consent?: {
    status: 'given' | 'refused' | 'withdrawn' | 'reconfirmed';
    version?: number;
    sharing?: boolean;
    ownState?: boolean;
    onlyIf?: Partial<Data>;
  };
  /** the status that the hold of the event gets. @property from statuses in which it gets it, all when left out */
  hold?: { status: 'active' | 'released'; from?: readonly ('raising' | 'void')[] };
  /** open tasks that are done with it */
  settles?: readonly Settlement[];
  /** the person has died: whoever is on a vehicle is no longer counted as somebody who can arrive */
  diesAboard?: true;
  /** a task that no wait opens, once for each subject and kind */
  opensTask?: { kind: string; role: Role };
  /** the partner of the event has confirmed which state the person belongs to */
  confirmsState?: true;
  /**
   * One of two journeys of one person has ended. The task that asked for it is settled; where the journey that was held
   * back is the other one, this task lets it go on.
   */
  samePerson?: { settles: string; opens: { kind: string; role: 'protection_officer' } };
};

export type SeatToFree = 'reserved' | 'checked_in';

/** A subject as a fold over its events: what it is before its first event, and what each event makes of it. */
export type Aggregate<State, Event> = {
  empty(): State;
  /** the state after an event, with the next sequence number; events cannot fail */
  evolve(state: State, event: Event): State;
};

/** The state that the event log alone makes, from the first event on. */
export function rebuild<State, Event>(aggregate: Aggregate<State, Event>, events: readonly Event[]): State {
  return events.reduce((state, event) => aggregate.evolve(state, event), aggregate.empty());
}
