import { HOUR, type Instant } from '../../domain/time.ts';
import { instant, type PlannedMovement } from '../scenarioData.ts';
import type { Announcement } from './requests.ts';

/** Delay of an update that the carrier knew before the booking. */
const AFTER_BOOKING = 0.1 * HOUR;

export type Stop = { code: string; afterDeparture: number };

/** A movement as its carrier knows it: planned times, stops, and what will happen to it. */
export type Sailing = {
  reference: string;
  departsAt: Instant;
  stops: Stop[];
  cancelled: boolean;
  changes: Array<{ at: Instant; type: string; data: Record<string, unknown> }>;
};

/** The carrier's own timetable of a listed movement, with its changes in the order in which they become known. */
export function sailingOf(movement: PlannedMovement): Sailing {
  const planned = instant(movement.departs_at);
  const stops = movement.legs.map((leg) => ({ code: leg.to, afterDeparture: instant(leg.arrives_at) - planned }));
  const travelTime = stops.at(-1)?.afterDeparture ?? 0;
  let departsAt = planned;
  let cancelled = false;
  const changes: Sailing['changes'] = [];
  for (const event of [...movement.events].sort((a, b) => instant(a.known_at) - instant(b.known_at))) {
    const at = instant(event.known_at);
    if (event.kind === 'smaller_vehicle') {
      changes.push({
        at,
        type: 'movement.smaller_vehicle',
        data: { vehicle: event.vehicle, seats: event.seats_after },
      });
    } else if (event.kind === 'delayed') {
      departsAt = instant(event.new_departs_at);
      const times = { new_departs_at: iso(departsAt), new_arrives_at: iso(departsAt + travelTime) };
      changes.push({ at, type: 'movement.delayed', data: times });
    } else {
      cancelled = true;
      changes.push({ at, type: 'movement.cancelled', data: { reason: event.reason } });
    }
  }
  return { reference: movement.id, departsAt, stops, cancelled, changes };
}

/** A movement that is in no list but goes the way of one that is: the same stops, as long after departure. */
export function sailingLike(like: PlannedMovement, reference: string, departsAt: Instant): Sailing {
  return { ...sailingOf({ ...like, events: [] }), reference, departsAt };
}

/** A movement on a way that nobody knows: as it was booked. */
export function plainSailing(reference: string, departsAt: Instant, arrivesAt: Instant, destination: string): Sailing {
  const stops = [{ code: destination, afterDeparture: arrivesAt - departsAt }];
  return { reference, departsAt, stops, cancelled: false, changes: [] };
}

type Line = { partner: string; replyTo: string };

/** What the carrier will say of a movement that is booked at `bookedAt`: its changes. */
export function changesOf(sailing: Sailing, bookedAt: Instant, line: Line): Announcement[] {
  return sailing.changes.map((item, index) => ({
    ...line,
    eventId: `${sailing.reference}:${item.type}:${index}:${bookedAt}`,
    // changes known before the booking follow right after it, still in their order
    at: Math.max(item.at, bookedAt + AFTER_BOOKING * (index + 1)),
    type: item.type,
    data: item.data,
    movementReference: sailing.reference,
  }));
}

/**
 * Departure and arrivals once staff have said that boarding is over. The vehicle never leaves before its time, and
 * waits for staff beyond it; the way takes as long as planned.
 */
export function departureOf(sailing: Sailing, readyAt: Instant, line: Line): Announcement[] {
  if (sailing.cancelled) return [];
  const leftAt = Math.max(sailing.departsAt, readyAt);
  const of = { ...line, movementReference: sailing.reference };
  const arrivals = sailing.stops.map((stop) => ({
    ...of,
    eventId: `${sailing.reference}:movement.arrived:${stop.code}:${leftAt}`,
    at: leftAt + stop.afterDeparture,
    type: 'movement.arrived',
    data: { stop: stop.code },
  }));
  return [
    {
      ...of,
      eventId: `${sailing.reference}:movement.departed:${leftAt}`,
      at: leftAt,
      type: 'movement.departed',
      data: {},
    },
    ...arrivals,
  ];
}

function iso(at: Instant): string {
  return new Date(at).toISOString();
}
