import type { Zones } from '../adapters/timeZones/zones.ts';
import { readLocal } from '../domain/movements/localTimes.ts';
import type { Stop } from '../domain/movements/route.ts';
import { Problem, type ProblemError } from './problems.ts';

type StopBody = { from: string; to: string; departs_at: string; arrives_at: string };

/**
 * The stops with an offset to each local time. Where a stop has a time zone, the table of this process says the offset or
 * must agree with it; nobody guesses which of two is meant.
 * @throws Problem `invalid_request` that names every time that cannot stand
 */
export function readStops(stops: readonly StopBody[], timeZones: Record<string, string>, zones: Zones): Stop[] {
  const errors: ProblemError[] = [];
  const read = (at: number, field: 'departs_at' | 'arrives_at', text: string, stop: string): string => {
    const found = offsetOf(text, stop, timeZones[stop], zones);
    if ('offset' in found) return `${readLocal(text).local}${found.offset}`;
    errors.push({ pointer: `/stops/${at}/${field}`, ...found });
    return text;
  };
  const result = stops.map((stop, at) => ({
    from: stop.from,
    to: stop.to,
    departsAt: read(at, 'departs_at', stop.departs_at, stop.from),
    arrivesAt: read(at, 'arrives_at', stop.arrives_at, stop.to),
  }));
  if (errors.length > 0) throw new Problem('invalid_request', { errors });
  for (const [at, stop] of result.entries()) {
    const [departs, arrives] = [Date.parse(stop.departsAt), Date.parse(stop.arrivesAt)];
    const before = result[at - 1];
    if (before && departs < Date.parse(before.arrivesAt)) throw backwards(`/stops/${at}/departs_at`);
    if (arrives <= departs) throw backwards(`/stops/${at}/arrives_at`);
  }
  return result;
}

function backwards(pointer: string): Problem {
  const detail = 'A stop departs when the one before has arrived, and arrives after it departs.';
  return new Problem('invalid_request', { errors: [{ pointer, code: 'invalid', detail }] });
}

function offsetOf(
  text: string,
  stop: string,
  zone: string | undefined,
  zones: Zones,
): { offset: string } | { code: string; detail: string } {
  const { local, offset } = readLocal(text);
  if (zone === undefined) {
    if (offset !== undefined) return { offset };
    return {
      code: 'no_offset',
      detail: `Say the offset of this local time, or the time zone of ${stop} in time_zones.`,
    };
  }
  const possible = zones.offsets(local, zone);
  if (possible === undefined) {
    return {
      code: 'unknown_zone',
      detail: `The time-zone table ${zones.table} does not know the zone given for ${stop}.`,
    };
  }
  const [only, second] = possible;
  if (only === undefined) {
    return {
      code: 'no_such_time',
      detail: `Clocks in ${zone} jump over this time, by the time-zone table ${zones.table}.`,
    };
  }
  if (offset !== undefined && !possible.includes(offset)) {
    const detail = `Clocks in ${zone} are then at ${possible.join(' or ')}, by the time-zone table ${zones.table}. Ask the carrier which time is meant.`;
    return { code: 'other_offset', detail };
  }
  if (offset !== undefined) return { offset };
  if (second !== undefined) {
    return {
      code: 'twice',
      detail: `Clocks in ${zone} are set back and show this time twice: say ${possible.join(' or ')}.`,
    };
  }
  return { offset: only };
}
