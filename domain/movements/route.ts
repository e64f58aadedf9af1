import { z } from 'zod';
import { storedValue } from '../versioned.ts';

const Place = z.object({ code: z.string(), name: z.string(), country: z.string() });

/** Between two stops; each time with its offset. */
const Stop = z.object({
  from: z.string(),
  to: z.string(),
  departsAt: z.string(),
  arrivesAt: z.string(),
});
export type Stop = z.infer<typeof Stop>;

/** By stop: its IANA time zone. */
const TimeZones = z.record(z.string(), z.string());

/** By stop: nationalities of the heads whose households leave the vehicle there. */
const LeaveAt = z.record(z.string(), z.array(z.string()));

const MovementRoute = z.object({
  origin: Place,
  destination: Place,
  stops: z.array(Stop),
  timeZones: TimeZones,
  leaveAt: LeaveAt,
});
export type MovementRoute = z.infer<typeof MovementRoute>;

/** The route of a movement, as planned. */
export const STORED_MOVEMENT_ROUTE = storedValue('Route of a movement', MovementRoute);

export const STORED_LEAVE_AT = storedValue('Stops where households leave a movement', LeaveAt);

/** The values that a change of the time-zone table may affect. */
export const STORED_LOCAL_TIMES = storedValue(
  'Local times of a movement',
  MovementRoute.pick({ stops: true, timeZones: true }),
);
