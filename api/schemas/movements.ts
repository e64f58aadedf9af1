import { z } from 'zod';
import { FIELDS } from '../../domain/fields.ts';
import { SEAT_KINDS } from '../../domain/journeys/events.ts';
import { SCAN_KINDS } from '../../domain/movements/events.ts';
import { NEUTRAL_REASONS } from '../../domain/movements/householdGroup.ts';
import { MOVEMENT_STATUSES, type MovementStatus } from '../../domain/movements/state.ts';
import {
  CLEARANCE_STATUSES,
  MANIFEST_STATUSES,
  MOVEMENT_MODES,
  SEAT_STATUSES,
} from '../../domain/movements/statuses.ts';
import { MOVEMENT_COMMAND_NAMES } from '../casing.ts';
import { At, Code, canDo, id, MaybeAt, Moment, Nationality } from './common.ts';

const StopCode = FIELDS.stop;
const PlaceBody = z
  .strictObject({ code: StopCode, name: z.string().min(1).max(200), country: Nationality })
  .meta({ id: 'NewStop' });
/** Local times as printed on a ticket: to the minute, or finer. */
const LocalMoment = z
  .union(
    [z.iso.datetime({ offset: true, local: true, precision: -1 }), z.iso.datetime({ offset: true, local: true })],
    'Write date, T and time, as 2027-02-20T10:00+01:00; the offset may be left out where the stop has a time zone',
  )
  .meta({ description: 'local time with its offset; where the stop has a time zone the offset may be left out' });
const StopBody = z
  .strictObject({
    from: StopCode,
    to: StopCode,
    departs_at: LocalMoment,
    arrives_at: LocalMoment,
  })
  .meta({ id: 'NewMovementStop' });
const Count = z.number().int().min(0).max(20_000);
const ClearanceKind = FIELDS.clearance;

const Mode = z.enum(MOVEMENT_MODES).meta({ id: 'MovementMode' });

export const NewMovement = z
  .strictObject({
    reference: z
      .string()
      .regex(/^[A-Za-z0-9 _/.-]{1,64}$/, 'A reference is letters, digits, blanks and - _ / . , at most 64'),
    leg: Code.meta({ description: 'code of the leg of the way home that it serves' }),
    mode: Mode,
    carrier_id: id('partner').nullable().default(null),
    origin: PlaceBody,
    destination: PlaceBody,
    stops: z.array(StopBody).min(1).max(50),
    time_zones: z.record(StopCode, z.string().min(1).max(64)).default({}).meta({
      description:
        'by stop: its IANA time zone, such as Africa/Cairo. What it says of a local time must agree with its offset',
    }),
    for_households_of: z.array(Nationality).max(250).nullable().default(null),
    accepts_nationalities: z.array(Nationality).max(250).nullable().default(null),
    leave_at: z
      .record(StopCode, z.array(Nationality).max(250))
      .default({})
      .meta({ description: 'by an earlier stop: the nationalities of heads of households that get off there' }),
    replaces_id: id('movement').nullable().default(null),
    seats: z.strictObject({
      seat: Count.meta({ description: 'all seats when no stretcher is fitted' }),
      infant_lap: Count.default(0),
      stretcher_block: Count.default(0),
      stretcher_block_seats: Count.default(0).meta({ description: 'seats that one stretcher takes' }),
      wheelchair: Count.default(0),
    }),
    clearances: z
      .array(ClearanceKind)
      .max(5)
      .default([])
      .meta({ description: 'what must be given besides the carrier’s confirmation' }),
  })
  .refine((m) => m.stops.every((stop, at) => at === 0 || m.stops[at - 1]?.to === stop.from), {
    path: ['stops'],
    message: 'Each stop begins where the one before ends',
  })
  .refine(
    (m) => Object.keys(m.time_zones).every((stop) => m.stops.some(({ from, to }) => from === stop || to === stop)),
    {
      path: ['time_zones'],
      message: 'A time zone belongs to a stop of the stops',
    },
  );

const Seats = z.object({
  seat: z.number(),
  infant_lap: z.number(),
  stretcher_block: z.number(),
  stretcher_block_seats: z.number().optional(),
  wheelchair: z.number(),
});
const Place = z.object({ code: z.string(), name: z.string(), country: z.string() }).meta({ id: 'Stop' });
export const Status = z.enum(Object.keys(MOVEMENT_STATUSES) as MovementStatus[]).meta({ id: 'MovementStatus' });

export const Movement = z
  .object({
    id: id('movement'),
    operation_id: z.string(),
    reference: z.string(),
    leg: z.string(),
    mode: Mode,
    status: Status,
    carrier_id: z.string().nullable(),
    origin: Place,
    destination: Place,
    departs_at: At,
    arrives_at: At,
    seats: Seats,
    taken: Seats,
    over_capacity: z.boolean(),
    manifest: z.object({ version: z.number().int(), status: z.enum(['none', ...MANIFEST_STATUSES]) }),
    booking_ref: z.string().nullable(),
    for_households_of: z.array(z.string()).nullable(),
    accepts_nationalities: z.array(z.string()).nullable(),
    replaces_id: z.string().nullable(),
  })
  .meta({ id: 'Movement' });
export const MovementDetail = Movement.extend({
  stops: z.array(z.object({ from: z.string(), to: z.string(), departs_at: z.string(), arrives_at: z.string() })),
  time_zones: z.record(z.string(), z.string()),
  time_zone_table: z
    .string()
    .nullable()
    .meta({ description: 'release of the table by which the offsets were judged; null where no stop has a time zone' }),
  leave_at: z.record(z.string(), z.array(z.string())),
  clearances: z.array(
    z.object({
      kind: ClearanceKind,
      status: z.enum(CLEARANCE_STATUSES),
      at: MaybeAt,
      actor: z.string().nullable(),
    }),
  ),
  people: z.partialRecord(z.enum(SEAT_STATUSES), z.number()).meta({ description: 'seats by status' }),
  can_do: canDo(MOVEMENT_COMMAND_NAMES.outside),
});

export const Manifest = z.object({
  movement_id: z.string(),
  version: z.number().int(),
  status: z.enum(MANIFEST_STATUSES),
  at: MaybeAt,
  entries: z.array(
    z.object({
      position: z.number().int(),
      person_id: z.string(),
      household_id: z.string(),
      household_reference: z.string(),
      kind: z.enum(SEAT_KINDS),
      status: z.enum(SEAT_STATUSES).nullable(),
      names: z.object({ given: z.string(), family: z.string() }).optional(),
      birth_date: z.string().nullable().optional(),
      document: z.object({ type: z.string().nullable(), number: z.string().nullable() }).optional(),
    }),
  ),
});

export const Refusal = z.object({
  household_id: z.string(),
  household_reference: z.string(),
  reasons: z
    .array(z.object({ code: z.enum(NEUTRAL_REASONS), words: z.string() }))
    .meta({ description: 'neutral codes and words' }),
  at: At,
});

const Scan = z.strictObject({
  scan_id: z.string().regex(/^[\x21-\x7e]{1,100}$/),
  person_id: id('person'),
  kind: z.enum(SCAN_KINDS),
  at: Moment.optional(),
  reason_code: Code.optional(),
});
export const Scans = z.strictObject({ scans: z.array(Scan).min(1).max(2_000) });

export const MovementAnswer = z
  .object({
    seq: z.number().int(),
    status: Status,
    detail: z.record(z.string(), z.number()),
  })
  .meta({ id: 'MovementAnswer' });
