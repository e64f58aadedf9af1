import { z } from 'zod';
import { FIELDS, id } from '../../domain/fields.ts';
import type { IdKind } from '../../domain/ids.ts';
import { ENDINGS, JOURNEY_STATUSES } from '../../domain/journeys/statuses.ts';
import { EVENT_TYPES } from '../../domain/outboxEvents.ts';
import { PARTNER_KINDS } from '../../domain/requests/definition.ts';
import { DAY, durationOf, type Instant, iso } from '../../domain/time.ts';
import { PHASE_NAMES } from '../casing.ts';

/** `{id}` in an address: what is no id names nothing and is answered 404, so its form is not checked here. */
export function idParams(kind: IdKind) {
  return z.object({ id: z.string().meta({ description: `id of a ${kind}` }) });
}

export { id };
export const { code: Code, country: Nationality, moment: Moment, title: Title } = FIELDS;

/** A moment in an answer: ISO 8601, UTC. */
export const At = z
  .string()
  .meta({ id: 'Time', format: 'date-time', description: 'ISO 8601, UTC; operation time unless said otherwise' });
export const MaybeAt = At.nullable();
/** A date without time in an answer: UTC. */
export const Day = z.string().meta({ id: 'Day', format: 'date', description: 'ISO 8601 date' });

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

/** Free text; it is encrypted before anything else happens with it. */
const Note = z
  .string()
  .min(1)
  .max(4_000)
  .meta({ id: 'Note', description: 'free text; encrypted, and opened only for those who may read notes' });
export const PartnerKind = z.enum(PARTNER_KINDS).meta({ id: 'PartnerKind' });
export const EventType = z.enum(EVENT_TYPES).meta({ id: 'EventType' });
export const EventTypes = z.array(EventType).max(100).meta({ id: 'EventTypes' });
export const StatusCode = z.enum(JOURNEY_STATUSES).meta({ id: 'PersonStatus' });
export const PhaseCode = z.enum(PHASE_NAMES.outside).meta({ id: 'Phase' });
export const EndingCode = z.enum(ENDINGS).meta({ id: 'Ending' });

/** The body of a command: its arguments, and why. Without arguments `args` may be left out. */
export function commandBody<T extends z.ZodType>(args: T) {
  const free = args instanceof z.ZodObject && args.safeParse({}).success;
  return z.strictObject({
    args: free ? args.prefault({} as never) : args,
    reason_code: Code.optional().meta({ description: 'a code of why; free text goes into note' }),
    note: Note.optional(),
  });
}

/** What somebody can do now. @param names of commands */
export function canDo<const Name extends string>(names: readonly Name[]) {
  return z.array(
    z.object({
      command: z.enum(names),
      sentence: z.string(),
      reason_required: z.boolean(),
      schema: z.string().nullable().meta({ description: 'schema of its arguments; null where it takes none' }),
    }),
  );
}
