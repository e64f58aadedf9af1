import { z } from 'zod';
import type { Role } from '../actor.ts';
import { JOURNEY_STATUSES, type JourneyStatus } from '../journeys/statuses.ts';
import type { Instant } from '../time.ts';
import { eventForms } from '../versioned.ts';

/**
 * The decisions on two registrations that may be one person. Nothing is merged: `same` links the two, and each keeps its
 * own event log. A decision stays until somebody retracts it.
 */
export const PAIR_STATUSES = ['suspected', 'awaiting_contact', 'distinct', 'same'] as const;
export type PairStatus = (typeof PAIR_STATUSES)[number];

/** The statuses that wait for a decision. */
export const OPEN_STATUSES: readonly PairStatus[] = ['suspected', 'awaiting_contact'];

/** The roles that decide whether two registrations are one person. */
export const PAIR_DECIDERS: readonly Role[] = [
  'case_worker',
  'protection_officer',
  'protection_lead',
  'duty_supervisor',
  'operation_lead',
];

const Decided = z.object({
  people: z.array(z.string()).describe('ids of the two people'),
  score: z.number().describe('how alike the two registrations are'),
  heldJourney: z.string().optional().describe('id of the journey that is held'),
  holdId: z.string().optional().describe('id of the hold'),
});

export type PairEventData = z.infer<typeof Decided>;

/** The data of the events of a pair, by type. */
export const PAIR_EVENT_DATA = Object.freeze({
  peopleLinked: Decided.describe('A person decides that both registrations are one person.'),
  pairDecidedDistinct: Decided.describe('A person decides that they are two people.'),
  peopleToBeContacted: Decided.describe('The two people are to be contacted.'),
  peopleSeparated: Decided.describe('A person retracts the decision that both are one person.'),
});

export type PairEventType = keyof typeof PAIR_EVENT_DATA;

/** How the data of a pair's events is written and read. */
export const PAIR_EVENT_FORMS = eventForms('pair', PAIR_EVENT_DATA);

type PairRule = {
  roles: readonly Role[];
  /** whether a reason code must be given */
  reason: boolean;
  /** the statuses in which it is allowed */
  from: readonly PairStatus[];
  becomes: PairStatus;
  /** the event that it writes */
  event: PairEventType;
  /** whether it needs a role in the operations of both people */
  knowsBoth: boolean;
  sentence: string;
};

/** Which command leads from which status to which. The API reads this one table. */
export const PAIR_COMMANDS = {
  same: {
    roles: PAIR_DECIDERS,
    reason: true,
    from: ['suspected', 'awaiting_contact', 'distinct'],
    becomes: 'same',
    event: 'peopleLinked',
    knowsBoth: true,
    sentence: 'Confirm one person: the registrations are linked, and one of the two journeys waits',
  },
  notTheSame: {
    roles: PAIR_DECIDERS,
    reason: true,
    from: ['suspected', 'awaiting_contact'],
    becomes: 'distinct',
    event: 'pairDecidedDistinct',
    knowsBoth: true,
    sentence: 'Confirm two people: the pair is no longer a candidate',
  },
  ask: {
    roles: PAIR_DECIDERS,
    reason: false,
    from: ['suspected'],
    becomes: 'awaiting_contact',
    event: 'peopleToBeContacted',
    knowsBoth: false,
    sentence: 'Leave the pair open until the people have been contacted',
  },
  separate: {
    roles: PAIR_DECIDERS,
    reason: true,
    from: ['same'],
    becomes: 'distinct',
    event: 'peopleSeparated',
    knowsBoth: true,
    sentence: 'Retract the decision that they are one person: the link is removed, both histories stay',
  },
} as const satisfies Record<string, PairRule>;

export type PairCommand = keyof typeof PAIR_COMMANDS;
export const PAIR_COMMAND_NAMES = Object.keys(PAIR_COMMANDS) as PairCommand[];

/** Why a command is refused now, or undefined. */
export function refusalOfPair(command: PairCommand, status: PairStatus): string | undefined {
  const { from }: PairRule = PAIR_COMMANDS[command];
  return from.includes(status) ? undefined : REFUSED[status];
}

const REFUSED: Record<PairStatus, string> = {
  suspected: 'Nobody has decided on this pair yet',
  awaiting_contact: 'The people are already to be contacted',
  distinct: 'Somebody has decided that they are two people',
  same: 'Somebody has decided that they are one person',
};

/** The commands that these roles could give now. */
export function allowedPairCommands(status: PairStatus, roles: readonly Role[], knowsBoth: boolean): PairCommand[] {
  return PAIR_COMMAND_NAMES.filter((command) => {
    const rule: PairRule = PAIR_COMMANDS[command];
    return (
      rule.from.includes(status) && (knowsBoth || !rule.knowsBoth) && rule.roles.some((role) => roles.includes(role))
    );
  });
}

/** The status of one of the two. */
export type PairedJourney = {
  journeyId: string;
  status: JourneyStatus;
  ended: boolean;
  registeredAt: Instant;
};

/** From this status on a person is under way, and no decision about registrations takes them off. */
const BOARDED = JOURNEY_STATUSES.indexOf('boarded');

/**
 * Whose journey waits when two registrations are one person, so that one person never gets two seats: the one less far,
 * or else the later one. Undefined if one has ended, or both are under way.
 */
export function journeyThatWaits<Journey extends PairedJourney>(one: Journey, other: Journey): Journey | undefined {
  if (one.ended || other.ended) return undefined;
  const [, second] = [one, other].toSorted(
    (a, b) =>
      JOURNEY_STATUSES.indexOf(b.status) - JOURNEY_STATUSES.indexOf(a.status) ||
      a.registeredAt - b.registeredAt ||
      (a.journeyId < b.journeyId ? -1 : 1),
  );
  return second !== undefined && JOURNEY_STATUSES.indexOf(second.status) < BOARDED ? second : undefined;
}
