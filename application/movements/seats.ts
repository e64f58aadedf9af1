import type { Actor } from '../../domain/actor.ts';
import type { SeatKind } from '../../domain/journeys/events.ts';
import type { FreeCapacity, HeldSeat, Lists } from '../../domain/movements/allocation.ts';
import type { Capacity, ClearanceKind, GateCounts } from '../../domain/movements/events.ts';
import {
  judgeGroup,
  type NeutralReason,
  type PersonPreconditions,
  type Verdict,
} from '../../domain/movements/householdGroup.ts';
import type { ScanEffects, SeatChange } from '../../domain/movements/scans.ts';
import { ON_THE_GROUND, type SeatStatus } from '../../domain/movements/statuses.ts';
import type { Occasion, Step } from '../../domain/preconditions.ts';
import type { LegNeeds, Rules } from '../../domain/rules.ts';
import type { Instant } from '../../domain/time.ts';
import type { Alarm } from '../alarms/alarms.ts';

/** When and by whom a transaction is taken, in operation time. A repeated transaction changes nothing. */
export type Transaction = { movementId: string; at: Instant; actor: Actor };

/** A transaction that evaluates preconditions, and the rules that they need. */
export type JudgedTransaction = Transaction & {
  rules: Pick<Rules, 'version' | 'legs' | 'documentValidityAfterArrival' | 'consentMaxAge'>;
};

export type ManifestVersion = { version: number; rulesVersion: number };
export type WrittenManifest = { version: number; people: number };

export type LockedMovement = {
  id: string;
  operationId: string;
  leg: string;
  departsAt: Instant;
  arrivesAt: Instant;
  lists: Lists;
  leaveAt: Record<string, string[]>;
  lastStop: string;
  room: FreeCapacity;
  taken: Capacity;
  overCapacity: boolean;
};

/** A seat as its row is; `householdId` is the household to which the person belongs now. */
export type Seat = HeldSeat & { statusAt: Instant | null; alightAt: string | null };

export type SeatFilter = {
  status?: readonly SeatStatus[];
  households?: readonly string[];
  journeys?: readonly string[];
  /** what one transaction has changed */
  changed?: { at: Instant; reasonCode: string };
};

/** The counts of a movement's seats. `people` hold a seat, or held it to the end. */
export type SeatCounts = { households: number; people: number; gate: GateCounts };

/** The position in the order of households; the time as text, because a number would lose its microseconds. */
export type Position = readonly [priority: number, requestedAt: string, id: string];

export type Candidate = {
  id: string;
  priority: number;
  requestedAt: Instant;
  headNationality: string | null;
  position: Position;
};

/** An open member of a candidate who still needs the leg. `seated`: on any movement. */
export type CandidateMember = {
  journeyId: string;
  householdId: string;
  isHead: boolean;
  travel: string;
  nextLeg: string | null;
  routeDecided: boolean;
  verifiedState: string | null;
  seated: boolean;
};

export type NewSeat = { id: string; householdId: string; journeyId: string; kind: SeatKind; alightAt: string };
export type RefusedHousehold = { householdId: string; reasons: NeutralReason[] };

/** One transaction on the seats of a movement, which it has locked. */
export type SeatTransaction = {
  movement: LockedMovement;
  /** Locks households and all their journeys until the transaction ends: holds and withdrawals wait for it. */
  lockHouseholds(householdIds: readonly string[]): Promise<void>;
  /** Fresh data of these people. */
  preconditions(journeyIds: readonly string[], at: Instant): Promise<PersonPreconditions[]>;
  /** Seats by journey; of one journey the one that counts comes last. */
  find(filter: SeatFilter): Promise<Seat[]>;
  count(): Promise<SeatCounts>;
  /** Everybody who holds a seat of this status, and the open members of their households who still need the leg. */
  members(
    status: readonly SeatStatus[],
    householdIds?: readonly string[],
  ): Promise<Array<Pick<CandidateMember, 'journeyId' | 'householdId'>>>;
  /** Ascending. */
  householdsOf(journeyIds: readonly string[]): Promise<string[]>;
  /** The next households in the order that look ready for this movement. */
  candidates(after: Position | undefined, limit: number): Promise<Candidate[]>;
  candidateMembers(householdIds: readonly string[]): Promise<CandidateMember[]>;
  reserve(seats: readonly NewSeat[], by: Transaction): Promise<void>;
  change(changes: readonly SeatChange[], actor: Actor): Promise<void>;
  changeKinds(seats: ReadonlyArray<Pick<Seat, 'id' | 'kind'>>): Promise<void>;
  changeVehicle(capacity: Capacity, overCapacity: boolean): Promise<void>;
  /** How many households are refused, and whether too many people hold seats, by the rows as they are now. */
  outcome(): Promise<{ refused: number; overCapacity: boolean }>;
  refuse(refused: readonly RefusedHousehold[], at: Instant): Promise<void>;
  /** Refuses all candidates after this one for the same reasons. */
  refuseAfter(after: Position | undefined, reasons: NeutralReason[], at: Instant): Promise<void>;
  /** Deletes refusals: of these households, those of other transactions, or all. */
  forgetRefusals(which: { households?: readonly string[]; notAt?: Instant }): Promise<void>;
  /** Writes a version once; earlier versions become void. */
  writeManifest(input: Transaction & ManifestVersion): Promise<WrittenManifest>;
  endManifest(end: 'final' | 'void'): Promise<void>;
  listRefusedScans(refused: ScanEffects['refused']): Promise<void>;
  raiseAlarm(alarm: Alarm, occasion: string): Promise<void>;
};

/**
 * Runs `work` in one transaction. Its locks have always this order, so that two transactions never deadlock: the
 * operation (shared), the movement, then households and journeys by ascending id (`lockHouseholds`).
 * @throws Error for an unknown movement
 */
export type InMovement = <T>(movementId: string, work: (seats: SeatTransaction) => Promise<T>) => Promise<T>;

export type SeatPorts = {
  inMovement: InMovement;
  /** `booked`: by the last manifest. `open`: neither on board nor accounted for. */
  count(movementId: string): Promise<Pick<SeatCounts, 'gate'> & { open: number; booked: number }>;
  writeClearance(input: Transaction & { kind: ClearanceKind; status: 'given' | 'lost' }): Promise<void>;
};

/** A leg that is not in the rules requires everything. */
const EVERYTHING: LegNeeds = { nationality: true, document: true, exitPermit: true };

/** The occasion for the preconditions of this movement. */
export function occasionOf(
  { departsAt, arrivesAt, leg }: LockedMovement,
  { rules, at: now }: Pick<JudgedTransaction, 'rules' | 'at'>,
): Occasion {
  return { now, departsAt, arrivesAt, rules, needs: rules.legs.find(({ code }) => code === leg)?.needs ?? EVERYTHING };
}

/** Locks the households of those who hold a seat of this status, and judges them with fresh data. */
export async function judgeSeated(
  seats: SeatTransaction,
  step: Step,
  status: readonly SeatStatus[],
  input: JudgedTransaction,
): Promise<Array<{ householdId: string; verdicts: Verdict[] }>> {
  const members = await seats.members(status);
  await seats.lockHouseholds([...new Set(members.map(({ householdId }) => householdId))]);
  const people = await seats.preconditions(
    members.map(({ journeyId }) => journeyId),
    input.at,
  );
  const occasion = occasionOf(seats.movement, input);
  return [...Map.groupBy(people, ({ householdId }) => householdId)].map(([householdId, group]) => ({
    householdId,
    verdicts: judgeGroup(step, group, occasion),
  }));
}

/** Releases seats of people on the ground only: the system never offloads anybody. Returns how many. */
export async function release(
  seats: SeatTransaction,
  leaving: readonly Seat[],
  { at, actor }: Transaction,
  reasonCode: string,
): Promise<number> {
  const released = leaving.filter(({ status }) => ON_THE_GROUND.includes(status));
  await seats.change(
    released.map(({ id }) => ({ seatId: id, status: 'released', at, reasonCode })),
    actor,
  );
  return released.length;
}
