import { instantOf } from '../time.ts';
import type { Stop } from './route.ts';

/** Time zones of one release of the IANA table. */
export type Zones = {
  /** release of the table, as IANA names it (`2026c`) */
  table: string;
  /**
   * The offsets (`+01:00`) of a zone at a local time (`2027-02-20T10:00`): none if clocks skip it, two if clocks repeat
   * it, undefined for an unknown zone.
   */
  offsets(local: string, zone: string): string[] | undefined;
};

/** By stop: its IANA time zone. */
export type TimeZones = Readonly<Record<string, string>>;

/** Reads `2027-02-20T10:00+01:00` apart; `Z` is the offset `+00:00`. The caller has checked the form. */
export function readLocal(text: string): { local: string; offset?: string } {
  const offset = /(?:Z|[+-]\d\d:\d\d)$/.exec(text)?.[0];
  if (offset === undefined) return { local: text };
  return { local: text.slice(0, -offset.length), offset: offset === 'Z' ? '+00:00' : offset };
}

/** A time of a stop that cannot be taken. */
export type WrongTime = { path: ['stops', number, TimeOfStop]; code: string; detail: string };
type TimeOfStop = 'departsAt' | 'arrivesAt';

/**
 * The stops with an offset to each local time, or every time that is wrong. Where a stop has a time zone, the table says
 * the offset or must agree with it; nobody guesses which of two is meant.
 */
export function withOffsets(
  stops: readonly Stop[],
  timeZones: TimeZones,
  zones: Zones,
): Stop[] | { wrong: WrongTime[] } {
  const wrong: WrongTime[] = [];
  const read = (at: number, field: TimeOfStop, text: string, stop: string): string => {
    const found = offsetOf(text, stop, timeZones[stop], zones);
    if ('offset' in found) return `${readLocal(text).local}${found.offset}`;
    wrong.push({ path: ['stops', at, field], ...found });
    return text;
  };
  const result = stops.map((stop, at) => ({
    ...stop,
    departsAt: read(at, 'departsAt', stop.departsAt, stop.from),
    arrivesAt: read(at, 'arrivesAt', stop.arrivesAt, stop.to),
  }));
  if (wrong.length > 0) return { wrong };
  const detail = 'A stop departs when the one before has arrived, and arrives after it departs.';
  const backwards = result.flatMap(({ departsAt, arrivesAt }, at): WrongTime[] => {
    const before = result[at - 1];
    const early = before !== undefined && instantOf(departsAt) < instantOf(before.arrivesAt);
    if (!early && instantOf(arrivesAt) > instantOf(departsAt)) return [];
    return [{ path: ['stops', at, early ? 'departsAt' : 'arrivesAt'], code: 'invalid', detail }];
  });
  return backwards.length > 0 ? { wrong: backwards } : result;
}

function offsetOf(
  text: string,
  stop: string,
  zone: string | undefined,
  zones: Zones,
): { offset: string } | Pick<WrongTime, 'code' | 'detail'> {
  const { local, offset } = readLocal(text);
  const by = `by the time-zone table ${zones.table}`;
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
  if (only === undefined) return { code: 'no_such_time', detail: `Clocks in ${zone} jump over this time, ${by}.` };
  if (offset !== undefined && !possible.includes(offset)) {
    const detail = `Clocks in ${zone} are then at ${possible.join(' or ')}, ${by}. Ask the carrier which time is meant.`;
    return { code: 'other_offset', detail };
  }
  if (offset !== undefined) return { offset };
  if (second === undefined) return { offset: only };
  const detail = `Clocks in ${zone} are set back and show this time twice: say ${possible.join(' or ')}.`;
  return { code: 'twice', detail };
}

/** One announced time that the table reads otherwise, and the offsets that it gives. `piece` counts stops from 1. */
export type ChangedTime = { piece: number; stop: string; zone: string; announced: string; offsets: string[] };

/** The announced times whose offset is not that of the table. */
export function changedTimes(stops: readonly Stop[], timeZones: TimeZones, zones: Zones): ChangedTime[] {
  return stops.flatMap(({ from, to, departsAt, arrivesAt }, at) =>
    [
      { stop: from, announced: departsAt },
      { stop: to, announced: arrivesAt },
    ].flatMap(({ stop, announced }) => {
      const zone = timeZones[stop];
      if (zone === undefined) return [];
      const { local, offset } = readLocal(announced);
      const offsets = zones.offsets(local, zone) ?? [];
      return offsets.includes(offset ?? '') ? [] : [{ piece: at + 1, stop, zone, announced, offsets }];
    }),
  );
}
