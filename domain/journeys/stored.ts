import { z } from 'zod';
import { ANSWER_SCHEMA } from '../requests/index.ts';
import { REQUEST_PARTS } from '../requests/journey.ts';
import { RULES_SCHEMAS } from '../rules.ts';
import { CLOCK_SCHEMA } from '../time.ts';
import { versioned } from '../versioned.ts';
import { carriedForm } from '../workflowInputs.ts';
import { AUTHORITIES, CONTACT_CHANNELS } from './endings.ts';
import { ENDINGS, JOURNEY_PHASES, JOURNEY_STATUSES } from './statuses.ts';

const instant = z.number();

const ConsentStatus = z.enum(['none', 'pending', 'given', 'refused', 'withdrawn']);

/**
 * Everything a journey keeps in memory: one plain JSON object of ids, codes and instants. Each list in it is bounded: by
 * the route, by the rules, or by what is open now.
 */
const JourneyState = z.object({
  seq: z.number(),
  startedAt: instant,
  route: z.array(z.string()),
  routeDecided: z.boolean(),
  /** each status once */
  routeDone: z.array(z.string()),
  identity: z.enum(['unknown', 'unclear', 'confirmed']),
  screened: z.boolean(),
  /** the screening found a risk about which protection has not decided: until then nothing is disclosed */
  riskOpen: z.boolean().default(false),
  consent: z.object({
    status: ConsentStatus,
    version: z.number(),
    sharing: z.boolean(),
    /** whether the State of the nationality may be asked; with sharing alone, only the operation's own offices */
    ownState: z.boolean().default(true),
    /** consulates of other States that may be asked */
    consulates: z.array(z.string()).default([]),
    confirmedAt: instant.optional(),
  }),
  /** those that are open */
  holds: z.array(z.string()),
  /** of these, the ones at which protection has not looked yet */
  holdTriage: z.array(z.object({ holdId: z.string(), urgent: z.boolean().default(false), since: instant })).default([]),
  /** when protection last looked at all of them */
  holdsReviewedAt: instant.optional(),
  /** registered as a child: holds are reviewed sooner */
  child: z.boolean().default(false),
  ...REQUEST_PARTS.schemas,
  travel: z.object({
    status: z.enum(['none', 'seated', 'checked_in', 'boarded', 'in_transit', 'arrived']),
    movementId: z.string().optional(),
    leg: z.string().optional(),
    kind: z.enum(['seat', 'infant_lap', 'stretcher', 'wheelchair']).optional(),
    noShows: z.number(),
    /** whether any leg has been travelled: then between legs a person is in transit, not back at the start */
    underway: z.boolean(),
    /** withdrew while on board: carried on to the next safe stop, then the journey ends there */
    withdrawn: z.boolean(),
  }),
  /** another member has ended their journey: somebody must say whether the rest goes on without them */
  householdOpen: z.boolean(),
  /** a child is or was in the household that somebody must decide about: protection decides */
  householdChild: z.boolean().default(false),
  /** set where the person was parted from the household of the beginning */
  householdId: z.string().optional(),
  /** since when the person lacks nothing but a seat on the next leg, whatever became of seats meanwhile */
  seatSince: instant.optional(),
  arrivedAt: instant.optional(),
  received: z.boolean(),
  planned: z.boolean(),
  /** each month once */
  followUps: z.array(z.object({ month: z.number(), reached: z.boolean() })),
  /** since the last contact, the last three days of each channel; a day counts from 1970 in UTC */
  contactAttempts: z.array(z.object({ channel: z.enum(CONTACT_CHANNELS), day: z.number() })).default([]),
  /** somebody proposed that it ends; a second person confirms it */
  proposedEnding: z
    .object({
      ending: z.enum(ENDINGS),
      by: z.string(),
      protection: z.boolean(),
      at: instant,
      authority: z.enum(AUTHORITIES).optional(),
      partnerId: z.string().optional(),
    })
    .nullable()
    .default(null),
  /** somebody asked Temporal to cancel the workflow, and nobody has decided about it */
  cancelRequested: z.boolean(),
  ending: z.enum(ENDINGS).optional(),
  endedAt: instant.optional(),
});
export type JourneyState = z.infer<typeof JourneyState>;

/** Answered after the events are recorded. */
const JourneyAnswer = z.object({ seq: z.number(), status: z.enum(JOURNEY_STATUSES), phase: z.enum(JOURNEY_PHASES) });
export type JourneyAnswer = z.infer<typeof JourneyAnswer>;

/** What a journey takes along over continue-as-new. */
export const JOURNEY_CARRIED = carriedForm({
  name: 'What a journey carries',
  state: JourneyState,
  answer: JourneyAnswer,
  message: ANSWER_SCHEMA.partnerAnswered,
  upgradeState: (state) => ({ ...state, cancelRequested: false }),
});

const JourneyInput = z.object({
  version: z.literal(1),
  journeyId: z.string(),
  operationId: z.string(),
  householdId: z.string(),
  clock: CLOCK_SCHEMA.clock,
  rules: RULES_SCHEMAS.rules,
  registration: z.object({
    registeredAt: instant,
    consent: z.enum(['given', 'pending', 'refused']),
    holds: z.array(z.string()),
    child: z.boolean().default(false),
    /** of a household that was registered before */
    joins: z.boolean().default(false),
    route: z.array(z.string()),
    routeDecided: z.boolean(),
    document: z.object({ documentId: z.string(), validUntil: instant }).optional(),
  }),
  /** read through `JOURNEY_CARRIED` */
  carried: z.unknown().optional(),
});
export type JourneyInput = z.infer<typeof JourneyInput>;

/** Input of the workflow `journey`. */
export const JOURNEY_INPUT = versioned({
  name: 'Input of a journey',
  version: 1,
  schema: JourneyInput,
  upgrades: {},
});
