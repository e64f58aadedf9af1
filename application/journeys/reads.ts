import { mayKnowHolds } from '../../domain/access.ts';
import type { Role } from '../../domain/actor.ts';
import type { HoldType } from '../../domain/holds.ts';
import { JOURNEY_COMMANDS } from '../../domain/journeys/commands/index.ts';
import type { JourneyState } from '../../domain/journeys/state.ts';
import type { Wait } from '../../domain/journeys/waits.ts';
import {
  HISTORY_MOVEMENT_EVENTS,
  HISTORY_OPERATION_EVENTS,
  type HistoryEvent,
  type HistoryPhase,
  historyInWords,
} from '../../domain/messages/history.ts';
import { type MemberWaitedFor, nowInWords } from '../../domain/messages/now.ts';
import type { SituationInput } from '../../domain/messages/situation.ts';
import type { Instant } from '../../domain/time.ts';
import { disclose, type PersonalData, type Reader } from '../people/personalData.ts';
import type { People } from '../people/reads.ts';

export type Hold = {
  id: string;
  journeyId: string;
  type: HoldType;
  status: 'raising' | 'active' | 'released' | 'void';
  raisedBy: string;
  raisedAt: Instant;
  firstApprovalBy: string | null;
  releasedBy: string | null;
  releasedAt: Instant | null;
  noteId: string | null;
};

export type NewHold = Pick<Hold, 'id' | 'journeyId' | 'type' | 'raisedBy' | 'raisedAt'> & {
  operationId: string;
  noteId?: string | undefined;
};

/** Rows of holds. Only these hold the kind; workflows have an opaque id. */
export type Holds = {
  /** The row blocks from this moment, before the workflow has confirmed it. Idempotent by id. */
  raise(hold: NewHold): Promise<void>;
  /** The workflow refused the hold: it was never valid. Whoever waits for its end waits no more. */
  voidRaised(id: string): Promise<void>;
  read(id: string): Promise<Hold | undefined>;
  /** All holds of a journey, oldest first. */
  ofJourney(journeyId: string): Promise<Hold[]>;
  /**
   * Records an approval of the release. `second`: another person approved before, so the hold may be released. The same
   * person twice stays `first`.
   */
  approve(id: string, by: string, reference: string): Promise<'first' | 'second'>;
  noteReference(id: string, reference: string): Promise<void>;
};

export type NewNote = {
  id: string;
  /** the journey, movement or operation of the note */
  subject: string;
  /** whose key encrypts it: erasing the person erases it */
  personId?: string;
  author: string;
  /** for protection roles alone */
  restricted: boolean;
  text: string;
};

/** Free text, encrypted at once; only its id is passed on. */
export type Notes = {
  /** Idempotent by id. @throws Error if the person was erased */
  write(note: NewNote): Promise<void>;
  /**
   * Texts by id, without those that the caller may not read and those of erased people. The caller writes the access
   * log first.
   */
  read(ids: readonly string[], may: { restricted: boolean }): Promise<Map<string, string>>;
};

/** The input of the sentence about a person: state, waits, household group, and suspensions. */
export type NowReads = {
  /**
   * The journey's state from its event log, by the function that the workflow uses. It includes every committed event,
   * so a person who got an answer finds their event in it.
   */
  state(journeyId: string): Promise<JourneyState>;
  /** Whether the command has made events already: then it is repeated, not judged again. */
  commandIsRecorded(subject: string, commandId: string): Promise<boolean>;
  waits(subject: string): Promise<Wait[]>;
  /** The other members who still have to travel and are not ready, for somebody who waits for nothing else. */
  groupWaitsFor(journeyId: string): Promise<MemberWaitedFor[]>;
  isSuspended(journeyId: string): Promise<boolean>;
  /** Names of partners and references of movements, by id. */
  names(ids: readonly string[]): Promise<Map<string, string>>;
};

export type HistoryReads = {
  /**
   * The events of a journey, with those of its movements, its operation and its duplicate candidates that concern it.
   * @param included which events of movements and of the operation belong to a person's history
   */
  events(
    journeyId: string,
    operationId: string,
    included: { movement: readonly string[]; operation: readonly string[] },
  ): Promise<HistoryEvent[]>;
  /** Names for the ids in these events; the id of a request gives the name of its partner. */
  names(events: readonly HistoryEvent[]): Promise<{ names: Map<string, string>; attempts: Map<string, number> }>;
};

/** The people of an operation by status, from maintained counts; no query counts journeys one by one. */
export type SituationReads = {
  input(operationId: string, now: Instant): Promise<SituationInput>;
  /** For metrics: open waits of journeys in running operations by status and kind of whom, and the oldest of each. */
  waiting(): Promise<
    Array<{ operationId: string; status: string; whomKind: string; people: number; oldestSince: Instant }>
  >;
  /** For metrics: pending starts over all operations, and how long the oldest has waited. */
  startsWaiting(): Promise<{ count: number; oldestSeconds: number }>;
  /** Whether the database answers. */
  answers(): Promise<boolean>;
};

const INCLUDED = { movement: HISTORY_MOVEMENT_EVENTS, operation: HISTORY_OPERATION_EVENTS };

export type HistoryPorts = {
  history: HistoryReads;
  holds: Pick<Holds, 'ofJourney'>;
  notes: Pick<Notes, 'read'>;
  personal: PersonalData;
};

type Subject = { personId: string; journeyId: string; operationId: string };

/** Who did what, when and why, in words, with the notes and the kinds of holds that the reader may know. */
export const readHistory =
  ({ history, holds, notes, personal }: HistoryPorts) =>
  async (subject: Subject, reader: Omit<Reader, 'purpose'>): Promise<HistoryPhase[]> => {
    const events = await history.events(subject.journeyId, subject.operationId, INCLUDED);
    const noteIds = events.flatMap(({ noteId }) => noteId ?? []);
    const wanted = noteIds.length > 0 ? (['notes'] as const) : [];
    const { groups } = await disclose(personal, [subject], wanted, { ...reader, purpose: 'history' });
    const knows = mayKnowHolds(reader.roles);
    return historyInWords(events, {
      ...(await history.names(events)),
      notes: await notes.read(groups.includes('notes') ? noteIds : [], { restricted: knows }),
      holdKinds: new Map(knows ? (await holds.ofJourney(subject.journeyId)).map(({ id, type }) => [id, type]) : []),
      mayKnowHolds: knows,
    });
  };

export type NowPorts = { people: Pick<People, 'journey'>; now: NowReads };

/**
 * Whom a person waits for, since when, what then, in words; and which commands the reader may give.
 * @param at operation time
 * @returns undefined for an unknown journey
 */
export const readNow =
  ({ people, now }: NowPorts) =>
  async (journeyId: string, roles: readonly Role[], at: Instant) => {
    const [journey, state, waits, groupWaitsFor, suspended] = await Promise.all([
      people.journey(journeyId),
      now.state(journeyId),
      now.waits(journeyId),
      now.groupWaitsFor(journeyId),
      now.isSuspended(journeyId),
    ]);
    if (!journey) return undefined;
    const words = nowInWords({
      now: at,
      status: journey.status,
      ...(journey.ending === null ? {} : { ending: journey.ending, endedAt: journey.endedAt ?? at }),
      waits,
      names: await now.names([...waits, ...groupWaitsFor.flatMap((member) => member.waits)].map(({ whom }) => whom.id)),
      suspended,
      groupWaitsFor,
    });
    const { proposedEnding } = state;
    return {
      journey,
      waitsForMembers: groupWaitsFor.map(({ personId }) => personId),
      ...words,
      proposedEnding,
      commands: state.seq === 0 ? [] : JOURNEY_COMMANDS.allowed(state, roles, at),
    };
  };
