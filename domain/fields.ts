import { z } from 'zod';
import { type IdKind, idPattern } from './ids.ts';
import { CLEARANCE_KINDS } from './movements/events.ts';
import { SCOPE_KINDS } from './operations/events.ts';
import { instantOf } from './time.ts';

/** An id of ours. */
export function id(kind: IdKind) {
  return z
    .string()
    .regex(idPattern(kind), 'This is no id of the kind that belongs here')
    .meta({ description: `id of a ${kind}` });
}

/**
 * Fields of what callers send, read once at the API. They stand in a frozen object, because a worker freezes what a
 * module exports, and a frozen schema cannot parse.
 */
export const FIELDS = Object.freeze({
  /** Small words, never free text, because it travels where nothing personal may. */
  code: z
    .string()
    .regex(/^[A-Za-z0-9_]{1,64}$/, 'A code is letters, digits and underscores, at most 64')
    .meta({ id: 'Code' }),
  /** A name of an organisation, a site, an operation; never of a person. */
  title: z.string().trim().min(1).max(200),
  /** A stop: UN/LOCODE, IATA code or one of the operation's own. */
  stop: z.string().regex(/^[A-Za-z0-9_-]{1,32}$/, 'A stop is letters, digits, - and _, at most 32'),
  country: z
    .string()
    .regex(/^[A-Z]{3}$/, 'ISO 3166-1 alpha-3, or a code of ICAO Doc 9303')
    .meta({ id: 'CountryCode' }),
  clearance: z.enum(CLEARANCE_KINDS).meta({ id: 'ClearanceKind' }),
  suspensionScope: z.enum(SCOPE_KINDS).meta({ id: 'SuspensionScope' }),
  /** ISO 8601 with an offset, to the minute or finer, read as milliseconds. */
  moment: z
    .union(
      [z.iso.datetime({ offset: true }), z.iso.datetime({ offset: true, precision: -1 })],
      'Write date, T, time and offset, as 2026-11-20T09:00+02:00',
    )
    .meta({ id: 'Moment', description: 'ISO 8601 with offset; operation time unless said otherwise' })
    .transform(instantOf),
  /** A date that still counts, read as its last second. */
  lastDay: z.iso
    .date('Write the date, as 2031-05-01')
    .meta({ id: 'LastDay', description: 'ISO 8601 date; the day itself still counts' })
    .transform((day) => instantOf(`${day}T23:59:59Z`)),
});
