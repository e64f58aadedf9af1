import { z } from 'zod';
import { durationOf } from '../../domain/durations.ts';
import { type IdKind, idPattern } from '../../domain/ids.ts';
import { ENDINGS, JOURNEY_STATUSES } from '../../domain/journeys/statuses.ts';
import { EVENT_TYPES } from '../../domain/outboxEvents.ts';
import { PARTNER_KINDS } from '../../domain/partners/protocol.ts';
import { DAY, type Instant, iso } from '../../domain/time.ts';
import { PHASE_NAMES } from '../casing.ts';

/** An id of ours in a body or an answer. */
export function id(kind: IdKind) {
  return z
    .string()
    .regex(idPattern(kind), 'This is no id of the kind that belongs here')
    .meta({ description: `id of a ${kind}` });
}

/** `{id}` in an address: what is no id names nothing and is answered 404, so its form is not checked here. */
export function idParams(kind: IdKind) {
  return z.object({ id: z.string().meta({ description: `id of a ${kind}` }) });
}

/** A moment in a body: ISO 8601 with an offset, to the minute or finer, read as milliseconds. */
export const Moment = z
  .union(
    [z.iso.datetime({ offset: true }), z.iso.datetime({ offset: true, precision: -1 })],
    'Write date, T, time and offset, as 2026-11-20T09:00+02:00',
  )
  .meta({ id: 'Moment', description: 'ISO 8601 with offset; operation time unless said otherwise' })
  .transform((text) => Date.parse(text));

/** A moment in an answer: ISO 8601, UTC. */
export const At = z
  .string()
  .meta({ id: 'Time', format: 'date-time', description: 'ISO 8601, UTC; operation time unless said otherwise' });
export const MaybeAt = At.nullable();

export function maybe(at: Instant | null | undefined): string | null {
  return at === null || at === undefined ? null : iso(at);
}

const LONGEST_DURATION = 20 * 365 * DAY;
const DURATION_FORM = 'Write an ISO 8601 duration of weeks, days, hours, minutes or seconds, as P30D or PT2H';

/** A length of time in a body: ISO 8601, read as milliseconds. */
export const Duration = z
  .string(DURATION_FORM)
  .meta({ id: 'Duration', format: 'duration', description: 'ISO 8601, as P30D or PT2H; no years, no months' })
  .transform((text, context) => {
    const length = durationOf(text);
    if (length !== undefined && length <= LONGEST_DURATION) return length;
    context.addIssue({
      code: 'custom',
      message: length === undefined ? DURATION_FORM : 'A duration is at most 20 years, which is P7300D',
    });
    return z.NEVER;
  });

/** A length of time in an answer: ISO 8601. */
export const Length = z.string().meta({ id: 'Length', format: 'duration', description: 'ISO 8601, as P30D or PT2H' });

/** A code: small words, never free text, because it travels where nothing personal may. */
export const Code = z
  .string()
  .regex(/^[A-Za-z0-9_]{1,64}$/, 'A code is letters, digits and underscores, at most 64')
  .meta({ id: 'Code' });
/** Free text; it is encrypted before anything else happens with it. */
export const Note = z
  .string()
  .min(1)
  .max(4_000)
  .meta({ id: 'Note', description: 'free text; encrypted, and opened only for those who may read notes' });
/** A name of an organisation, a site, an operation; never of a person. */
export const Title = z.string().trim().min(1).max(200);
export const Nationality = z
  .string()
  .regex(/^[A-Z]{3}$/, 'ISO 3166-1 alpha-3, or a code of ICAO Doc 9303')
  .meta({ id: 'CountryCode' });

export const PartnerKind = z.enum(PARTNER_KINDS).meta({ id: 'PartnerKind' });
export const EventType = z.enum(EVENT_TYPES).meta({ id: 'EventType' });
export const StatusCode = z.enum(JOURNEY_STATUSES).meta({ id: 'PersonStatus' });
export const PhaseCode = z.enum(PHASE_NAMES.outside).meta({ id: 'Phase' });
export const EndingCode = z.enum(ENDINGS).meta({ id: 'Ending' });
