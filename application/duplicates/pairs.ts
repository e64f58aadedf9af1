import type { PairReason } from '../../domain/duplicates/comparePeople.ts';
import type { PairStatus } from '../../domain/duplicates/decisions.ts';
import type { Instant } from '../../domain/time.ts';

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
