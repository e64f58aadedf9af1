import { type Aggregate, rebuild } from './events.ts';
import type { JourneyEvent } from './journeys/events.ts';
import { JOURNEY } from './journeys/state.ts';
import { JOURNEY_CARRIED } from './journeys/stored.ts';
import type { MovementEvent } from './movements/events.ts';
import { MOVEMENT } from './movements/state.ts';
import { MOVEMENT_CARRIED } from './movements/stored.ts';
import type { OperationEvent } from './operations/events.ts';
import { OPERATION } from './operations/state.ts';
import { OPERATION_CARRIED } from './operations/stored.ts';
import type { RecordedEvent, SubjectKind } from './record.ts';
import type { Versioned } from './versioned.ts';

/** The kinds of subject that can be started again from their event log. */
export type Restartable = Exclude<SubjectKind, 'household'>;

/** What a workflow carries that begins where the event log ends. It opens its waits anew, and remembers no message. */
type Restart = { version: number; state: { seq: number }; waits: []; answers: []; seen: []; buffered: [] };

const RESTARTS: Record<Restartable, (events: readonly RecordedEvent[]) => Restart> = {
  journey: (events) => restart<typeof JOURNEY, JourneyEvent>(JOURNEY, JOURNEY_CARRIED, events),
  movement: (events) => restart<typeof MOVEMENT, MovementEvent>(MOVEMENT, MOVEMENT_CARRIED, events),
  operation: (events) => restart<typeof OPERATION, OperationEvent>(OPERATION, OPERATION_CARRIED, events),
};

/**
 * What a subject carries into its first run when it is started again from its event log alone.
 * @param events all of them, in order
 * @throws StoredFormError where they do not make a state of today's form
 */
export function restartFrom(kind: Restartable, events: readonly RecordedEvent[]): Restart {
  return RESTARTS[kind](events);
}

function restart<A extends Aggregate<{ seq: number }, never>, Event>(
  aggregate: A & Aggregate<{ seq: number }, Event>,
  form: Versioned<unknown>,
  events: readonly RecordedEvent[],
): Restart {
  // The event log keeps data of any type; what the events make together is read through the form of the state.
  const state = rebuild(aggregate, events as readonly (RecordedEvent & Event)[]);
  const carried: Restart = { version: form.version, state, waits: [], answers: [], seen: [], buffered: [] };
  form.read(carried);
  return carried;
}
