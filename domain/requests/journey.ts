import { JOURNEY_REQUESTS, type JourneyRequest } from './index.ts';

type Part = JourneyRequest['journey'];
type AllOf<U> = (U extends unknown ? (each: U) => void : never) extends (each: infer All) => void ? All : never;
type ByName<Field extends keyof Part> = { [P in Part as P['name']]: P[Field] };

const byName = <Field extends keyof Part>(field: Field): ByName<Field> =>
  Object.fromEntries(JOURNEY_REQUESTS.map(({ journey }) => [journey.name, journey[field]])) as ByName<Field>;

/** What all kinds of request add to a journey: their parts of its state, and their events. */
export const REQUEST_PARTS = Object.freeze({
  schemas: Object.freeze(byName('state')),
  empty: byName('empty'),
  events: Object.freeze(
    Object.assign({}, ...JOURNEY_REQUESTS.map(({ journey }) => journey.events)) as AllOf<Part['events']>,
  ),
  missing: JOURNEY_REQUESTS.map(({ journey }) => journey.missing),
});
