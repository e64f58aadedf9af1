import type { Role } from '../../domain/actor.ts';
import type { Decision as CommandDecision } from '../../domain/commands.ts';
import type { PairReason } from '../../domain/duplicates/comparePeople.ts';
import {
  journeyThatWaits,
  PAIR_COMMANDS,
  type PairCommand,
  type PairEventData,
  type PairEventType,
  type PairedJourney,
  type PairStatus,
  refusalOfPair,
} from '../../domain/duplicates/decisions.ts';
import type { Instant } from '../../domain/time.ts';
import { workflowId } from '../../workflows/messages.ts';
import { derivedId } from '../ids.ts';
import type { PreparedCommand } from '../preparedCommands.ts';

/** One of the two people, in the operation of the pair. */
type PairedPerson = { personId: string; operationId: string; journeyId: string };

/** Two registrations that may be one person. */
export type Pair = {
  id: string;
  people: [PairedPerson, PairedPerson];
  score: number;
  /** the strongest first */
  reasons: Array<{ reason: PairReason; points: number }>;
  status: PairStatus;
  /** how many decisions there have been */
  seq: number;
  heldJourney: string | null;
  holdId: string | null;
  /** real time */
  createdAt: Instant;
};

/** A decision in the event log. */
export type PairEvent = {
  type: string;
  by: string;
  role: string;
  reasonCode: string | null;
  noteId: string | null;
  /** operation time */
  at: Instant;
};

/** A registration that was confirmed as the same person. `goesOn`: its journey is open and not blocked by a decision. */
export type LinkedPerson = { personId: string; operationId: string; goesOn: boolean };

export type Duplicates = {
  /** The operations of both people, in the order of the pair. */
  operationsOf(pairId: string): Promise<string[]>;
  read(pairId: string): Promise<Pair | undefined>;
  /**
   * Pairs with a person in the operation by id, one more than `limit`. @param filter `importId`: with a person of that
   * list
   */
  list(
    operationId: string,
    filter: { state?: 'open' | 'decided' | undefined; importId?: string | undefined },
    limit: number,
    after?: string,
  ): Promise<Pair[]>;
  /** Every decision on a pair, oldest first. */
  decisions(pairId: string): Promise<PairEvent[]>;
  /** The registrations that are the same person as each of these, also through others. */
  linksOf(personIds: readonly string[]): Promise<Map<string, LinkedPerson[]>>;
};

export type Decision = {
  pair: Pair;
  command: PairCommand;
  /** makes a repeated command idempotent */
  commandId: string;
  /** the operation through which the person reached the pair */
  operationId: string;
  by: string;
  role: Role;
  /** whether the person may decide in the operations of both people */
  knowsBoth: boolean;
  reasonCode?: string | undefined;
  note?: string | undefined;
};

export type DecidedPair =
  | { outcome: 'decided'; pair: Pair }
  | { outcome: 'refused'; status: PairStatus; reason: string }
  | { outcome: 'knows_one' | 'engine_unavailable' };

/** A hold on one of the two journeys, from operation time `at` on. */
export type PairHold = { holdId: string; journeyId: string; operationId: string; by: string; at: Instant };

/** A decision as it is recorded, at operation time `at`. */
export type RecordedDecision = Pick<Decision, 'commandId' | 'operationId' | 'by' | 'role' | 'reasonCode'> & {
  pair: Pair;
  noteId?: string | undefined;
  at: Instant;
  event: PairEventType;
  becomes: PairStatus;
  data: PairEventData;
};

type PairTransaction = {
  /** The pair as it is now, locked. */
  lock(pairId: string): Promise<Pair>;
  isRecorded(pairId: string, commandId: string): Promise<boolean>;
  operationTime(operationId: string, real: Instant): Promise<Instant>;
  journey(journeyId: string): Promise<(PairedJourney & { operationId: string }) | undefined>;
  /** The command that tells the workflow of the hold: it is sent again until it is settled. */
  prepare(command: PreparedCommand): Promise<void>;
  /** The hold is valid from this moment, so that no seat is given before the workflow knows of it. */
  hold(hold: PairHold): Promise<void>;
  /** Writes the event log of the pair and its row. */
  record(decision: RecordedDecision): Promise<void>;
  /** Closes the tasks to decide the pair. */
  closeTasks(pairId: string, at: Instant): Promise<void>;
  /** Opens the task to end one of the two journeys. */
  askToEndOne(pair: Pair, held: PairHold): Promise<void>;
  /** Voids the task to end one of the two journeys. */
  stopAskingToEndOne(pairId: string): Promise<void>;
  /** Voids the hold if the journey's workflow has not confirmed it. */
  voidHold(holdId: string): Promise<void>;
  /** Opens the task to release the hold, if it is confirmed and its journey is open. */
  askToResume(pairId: string, holdId: string): Promise<void>;
  /** Whether the journey's workflow has yet to confirm the hold. */
  isUnconfirmed(holdId: string): Promise<boolean>;
};

export type DecidePorts = {
  transaction<T>(work: (inside: PairTransaction) => Promise<T>): Promise<T>;
  writeNote(note: {
    id: string;
    subject: string;
    personId?: string | undefined;
    author: string;
    restricted: boolean;
    text: string;
  }): Promise<void>;
  engineAnswers(): Promise<boolean>;
  /** @returns whether the workflow took the command */
  sendHold(workflowId: string, command: CommandDecision<{ holdId: string }>): Promise<'taken' | 'refused'>;
  voidHold(holdId: string): Promise<void>;
  /** real time */
  clock(): Instant;
};

/** The reason of the hold in the journey's event log. */
const SAME_PERSON = 'same_person_registered_twice';

/**
 * Encrypts the note, then records the decision in one transaction: the event log of the pair, its row, its tasks, and
 * for `same` the hold on one of the two journeys. That journey's workflow then stops it by its own command.
 */
export const decidePair =
  (ports: DecidePorts) =>
  async (decision: Decision): Promise<DecidedPair> => {
    const { pair, command, commandId, operationId, by, note } = decision;
    if (PAIR_COMMANDS[command].knowsBoth && !decision.knowsBoth) return { outcome: 'knows_one' };
    // A decision that cannot stop a journey at once could give one person two seats.
    if (command === 'same' && !(await ports.engineAnswers())) return { outcome: 'engine_unavailable' };
    const noteId = note === undefined ? undefined : derivedId('note', commandId);
    if (noteId !== undefined && note !== undefined) {
      const personId = pair.people.find((person) => person.operationId === operationId)?.personId;
      await ports.writeNote({ id: noteId, subject: pair.id, personId, author: by, restricted: false, text: note });
    }
    const decided = await ports.transaction((inside) => decide(inside, decision, noteId, ports.clock()));
    if (decided.outcome === 'refused' || decided.unconfirmed === undefined) return decided;
    const { journeyId, holdId } = decided.unconfirmed;
    const sent = await ports.sendHold(workflowId.journey(journeyId), holdCommand(decision, holdId));
    // The journey has ended meanwhile, so only one of the two goes on.
    if (sent === 'refused') await ports.voidHold(holdId);
    return { outcome: 'decided', pair: decided.pair };
  };

const holdCommand = ({ commandId, by, role }: Decision, holdId: string): CommandDecision<{ holdId: string }> => ({
  commandId,
  actor: { kind: 'staff', id: by, role },
  args: { holdId },
  reasonCode: SAME_PERSON,
});

type Unconfirmed = { unconfirmed?: { journeyId: string; holdId: string } };

async function decide(
  inside: PairTransaction,
  decision: Decision,
  noteId: string | undefined,
  real: Instant,
): Promise<Extract<DecidedPair, { outcome: 'refused' }> | (Extract<DecidedPair, { pair: Pair }> & Unconfirmed)> {
  const pair = await inside.lock(decision.pair.id);
  if (!(await inside.isRecorded(pair.id, decision.commandId))) {
    const reason = refusalOfPair(decision.command, pair.status);
    if (reason !== undefined) return { outcome: 'refused', status: pair.status, reason };
    await record(inside, { ...decision, pair }, noteId, real);
  }
  const decided = await inside.lock(pair.id);
  const { heldJourney: journeyId, holdId } = decided;
  if (journeyId === null || holdId === null || !(await inside.isUnconfirmed(holdId)))
    return { outcome: 'decided', pair: decided };
  return { outcome: 'decided', pair: decided, unconfirmed: { journeyId, holdId } };
}

async function record(
  inside: PairTransaction,
  decision: Decision,
  noteId: string | undefined,
  real: Instant,
): Promise<void> {
  const { pair, command, commandId, operationId, by, role, reasonCode } = decision;
  const { becomes, event } = PAIR_COMMANDS[command];
  const at = await inside.operationTime(operationId, real);
  const held = command === 'same' ? await holdOneOfTwo(inside, decision, real) : undefined;
  const people = pair.people.map(({ personId }) => personId);
  const data = { people, score: pair.score, heldJourney: held?.journeyId, holdId: held?.holdId };
  await inside.record({
    ...{ pair, commandId, operationId, by, role, reasonCode, noteId },
    ...{ at, event, becomes, data },
  });
  if (command === 'ask') return;
  await inside.closeTasks(pair.id, at);
  if (held !== undefined) await inside.askToEndOne(pair, held);
  if (command === 'separate') await resume(inside, pair);
}

async function holdOneOfTwo(inside: PairTransaction, decision: Decision, real: Instant): Promise<PairHold | undefined> {
  const [one, other] = decision.pair.people;
  const journeys = [await inside.journey(one.journeyId), await inside.journey(other.journeyId)] as const;
  const waits = journeys[0] && journeys[1] && journeyThatWaits(journeys[0], journeys[1]);
  if (waits === undefined) return undefined;
  const { journeyId, operationId } = waits;
  const at = await inside.operationTime(operationId, real);
  const held = { holdId: derivedId('hold', decision.commandId), journeyId, operationId, by: decision.by, at };
  await inside.hold(held);
  await inside.prepare({
    ...holdCommand(decision, held.holdId),
    workflowId: workflowId.journey(journeyId),
    subject: journeyId,
    name: 'raiseHold',
    made: 'hold',
    madeId: held.holdId,
  });
  return held;
}

/**
 * The registrations are two people again, so there is no duplicate to close. A hold that the workflow has confirmed is
 * released by a person, never by the system.
 */
async function resume(inside: PairTransaction, { id, holdId }: Pair): Promise<void> {
  await inside.stopAskingToEndOne(id);
  if (holdId === null) return;
  await inside.voidHold(holdId);
  await inside.askToResume(id, holdId);
}
