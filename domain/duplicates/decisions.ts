import { z } from 'zod';
import type { Role } from '../actor.ts';
import { eventForms } from '../eventForms.ts';
import { JOURNEY_STATUSES, type JourneyStatus } from '../journeys/statuses.ts';
import type { Instant } from '../time.ts';

/**
 * What a person decides of two registrations that may be one person. Nothing is merged: `same` links the two, and what
 * each of them has lived through stays in a event_log of its own. A decision is remembered until somebody takes it back.
 */
export const PAIR_STATUSES = ['suspected', 'asked', 'distinct', 'same'] as const;
export type PairStatus = (typeof PAIR_STATUSES)[number];

/** Those that wait for a decision. */
export const OPEN_STATUSES: readonly PairStatus[] = ['suspected', 'asked'];

/** Those who decide whether two registrations are one person. */
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

/** The data of the events of a pair, by type. */
export const PAIR_EVENT_DATA = Object.freeze({
  peopleLinked: Decided.describe('A person decides that both are one person.'),
  peopleKeptApart: Decided.describe('A person decides that they are two people.'),
  peopleToBeContacted: Decided.describe('The two people are to be asked.'),
  peopleSeparated: Decided.describe('A person takes back that both are one person.'),
});

/** How the data of a pair's events is written and read. */
export const PAIR_EVENT_FORMS = eventForms('pair', PAIR_EVENT_DATA);

type PairRule = {
  roles: readonly Role[];
  /** a code of why must be given */
  reason: boolean;
  /** where it may be given */
  from: readonly PairStatus[];
  becomes: PairStatus;
  /** how the event_log tells it */
  event: keyof typeof PAIR_EVENT_DATA;
  /** whoever decides must know both people: it is refused to those who have no role in the operations of both */
  knowsBoth: boolean;
  sentence: string;
};

/** Which command leads from which status to which: the one table that the API reads. */
export const PAIR_COMMANDS = {
  same: {
    roles: PAIR_DECIDERS,
    reason: true,
    from: ['suspected', 'asked', 'distinct'],
    becomes: 'same',
    event: 'peopleLinked',
    knowsBoth: true,
    sentence: 'Say that both are one person: they are linked, and one of the two journeys waits',
  },
  notTheSame: {
    roles: PAIR_DECIDERS,
    reason: true,
    from: ['suspected', 'asked'],
    becomes: 'distinct',
    event: 'peopleKeptApart',
    knowsBoth: true,
    sentence: 'Say that they are two people; the question is not put again',
  },
  ask: {
    roles: PAIR_DECIDERS,
    reason: false,
    from: ['suspected'],
    becomes: 'asked',
    event: 'peopleToBeContacted',
    knowsBoth: false,
    sentence: 'Leave it open until the people have been asked',
  },
  separate: {
    roles: PAIR_DECIDERS,
    reason: true,
    from: ['same'],
    becomes: 'distinct',
    event: 'peopleSeparated',
    knowsBoth: true,
    sentence: 'Take back that they are one person: the link goes, both histories stay',
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
  asked: 'The people are to be asked already',
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

/** Where one of the two stands. */
export type PairedJourney = {
  journeyId: string;
  status: JourneyStatus;
  ended: boolean;
  registeredAt: Instant;
};

/** From here on a person is under way: nobody is taken off by a decision about records. */
const BOARDED = JOURNEY_STATUSES.indexOf('boarded');

/**
 * Whose journey waits once two are known to be one person, so that never two seats go to one human: the one less far,
 * or the later one. Undefined where one of the two has ended, or both are under way.
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
