import { z } from 'zod';
import { ANSWER_SCHEMA } from '../requests/index.ts';
import { RULES_SCHEMAS } from '../rules.ts';
import { CLOCK_SCHEMA } from '../time.ts';
import { versioned } from '../versioned.ts';
import { carriedForm } from '../workflowInputs.ts';
import { CARRIER_MESSAGE_KINDS, CLEARANCE_KINDS } from './events.ts';
import { MOVEMENT_STATUSES, type MovementStatus } from './state.ts';

const instant = z.number();

const Capacity = z.object({
  seats: z.number(),
  infantLaps: z.number(),
  stretchers: z.number(),
  wheelchairs: z.number(),
});

/**
 * Everything a movement keeps in memory: counts and ids, never its people. One plain JSON object. Each list in it is
 * bounded: by the stops, by the seats, or by the kinds there are.
 */
const MovementState = z.object({
  seq: z.number(),
  leg: z.string(),
  stops: z.array(z.string()),
  departsAt: instant,
  arrivesAt: instant,
  /** since when the vehicle and the times are as they are: older messages do not change them */
  vehicleSince: instant,
  timesSince: instant,
  capacity: Capacity,
  overCapacity: z.boolean(),
  booking: z.object({
    status: z.enum(['none', 'requested', 'booked', 'refused', 'missing']),
    round: z.number(),
    requestId: z.string().optional(),
    partnerId: z.string().optional(),
    bookingRef: z.string().optional(),
  }),
  /** the kinds that must be given, and how each stands */
  clearances: z.partialRecord(z.enum(CLEARANCE_KINDS), z.enum(['open', 'given', 'lost'])),
  /** people who hold a seat, as last counted */
  seated: z.object({ households: z.number(), people: z.number() }),
  manifest: z.object({
    version: z.number(),
    locked: z.boolean(),
    reopeningRequestedBy: z.object({ id: z.string(), role: z.string() }).optional(),
  }),
  boarding: z.boolean(),
  gate: z.object({
    checkedIn: z.number(),
    boarded: z.number(),
    noShow: z.number(),
    denied: z.number(),
    offloaded: z.number(),
  }),
  /** households on board that must be offloaded before the vehicle may leave */
  mustLeave: z.array(z.string()),
  departedAt: instant.optional(),
  receptionNotified: z.boolean(),
  arrivedStops: z.array(z.string()),
  arrived: z.boolean(),
  /** the latest of each kind that came out of its order */
  setAside: z.array(z.object({ eventKey: z.string(), kind: z.enum(CARRIER_MESSAGE_KINDS) })),
  /** the last count did not come out even */
  broken: z.boolean(),
  /** steps that are still to be compensated */
  compensating: z.array(z.string()),
  reconciled: z.boolean(),
  cancelled: z.boolean(),
  closed: z.boolean(),
  /** somebody asked Temporal to cancel the workflow, and nobody has decided about it */
  cancelRequested: z.boolean(),
});
export type MovementState = z.infer<typeof MovementState>;

const MovementAnswer = z.object({
  seq: z.number(),
  status: z.enum(Object.keys(MOVEMENT_STATUSES) as MovementStatus[]),
  detail: z.record(z.string(), z.number()),
});
export type MovementAnswer = z.infer<typeof MovementAnswer>;

/** What a movement takes along over continue-as-new. */
export const MOVEMENT_CARRIED = carriedForm({
  name: 'What a movement carries',
  state: MovementState,
  answer: MovementAnswer,
  message: ANSWER_SCHEMA.partnerAnswered,
  upgradeState: (state) => ({ ...state, cancelRequested: false }),
});

const MovementInput = z.object({
  version: z.literal(1),
  movementId: z.string(),
  operationId: z.string(),
  clock: CLOCK_SCHEMA.clock,
  rules: RULES_SCHEMAS.rules,
  leg: z.string(),
  carrierId: z.string().optional(),
  departsAt: instant,
  arrivesAt: instant,
  /** codes of the stops in order, the last one the destination */
  stops: z.array(z.string()),
  capacity: Capacity,
  /** what must be cleared besides the carrier's own confirmation */
  clearances: z.array(z.enum(CLEARANCE_KINDS)).optional(),
  /** read through `MOVEMENT_CARRIED` */
  carried: z.unknown().optional(),
});
export type MovementInput = z.infer<typeof MovementInput>;

/** Input of the workflow `movement`. */
export const MOVEMENT_INPUT = versioned({
  name: 'Input of a movement',
  version: 1,
  schema: MovementInput,
  upgrades: {},
});
