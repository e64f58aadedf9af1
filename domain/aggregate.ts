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
