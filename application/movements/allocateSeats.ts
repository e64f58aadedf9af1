import {
  type Allocation,
  alightingStop,
  allocate,
  exceeds,
  type HouseholdGroup,
  isFull,
  minus,
  reallocate,
  servedBy,
} from '../../domain/movements/allocation.ts';
import type { Capacity } from '../../domain/movements/events.ts';
import { judgeGroup, neutralReasons } from '../../domain/movements/householdGroup.ts';
import { BEFORE_DEPARTURE } from '../../domain/movements/statuses.ts';
import { newId } from '../ids.ts';
import {
  type Candidate,
  type InMovement,
  type JudgedTransaction,
  type ManifestVersion,
  occasionOf,
  type Position,
  release,
  type SeatTransaction,
  type Transaction,
  type WrittenManifest,
} from './seats.ts';

/** Households locked at once: enough to fill a ship in a few steps, few enough not to delay their journeys. */
const CHUNK = 200;

/** Why a seat was released, as everybody may read it. */
const SMALLER_VEHICLE = 'smaller_vehicle';

/** `amend`: the manifest is locked. It is corrected for a smaller vehicle under this version; nobody new is seated. */
export type AllocateInput = JudgedTransaction & { amend?: ManifestVersion };

/**
 * Totals after the transaction, so that it can be repeated if its answer was lost. `refused`: households considered and
 * not seated.
 */
export type AllocateResult = {
  households: number;
  people: number;
  refused: number;
  released: number;
  overCapacity: boolean;
  amended?: WrittenManifest;
};

/**
 * Allocates the seats of a movement to whole households, by priority and date of request. On a smaller vehicle,
 * households that do not fit leave first, from the end of the order.
 * Each step is one transaction. It locks operation, movement, households and journeys, and evaluates the preconditions
 * with fresh data. Households are seated as a whole, or refused with reasons. Households that are not ready are not
 * considered; their own page says what they wait for.
 */
export const allocateSeats =
  (inMovement: InMovement) =>
  async (input: AllocateInput): Promise<AllocateResult> => {
    const amended = await inMovement(input.movementId, async (seats) => {
      await seats.forgetRefusals({ notAt: input.at });
      if (seats.movement.overCapacity) await fitSmallerVehicle(seats, input);
      if (!input.amend) return undefined;
      const manifest = await seats.writeManifest({ ...input, ...input.amend });
      return { ...(await resultOf(seats, input)), amended: manifest };
    });
    if (amended) return amended;
    let after: Position | undefined;
    for (;;) {
      const step = await inMovement(input.movementId, async (seats) => {
        const last = await seatNext(seats, input, after);
        return last ?? { result: await resultOf(seats, input) };
      });
      if ('result' in step) return step.result;
      after = step.position;
    }
  };

/**
 * Another vehicle. It may be too small for the seats already given: then nobody else is seated, and the manifest cannot
 * be locked until seats are allocated again.
 */
export const changeVehicle =
  (inMovement: InMovement) =>
  ({ movementId, capacity }: { movementId: string; capacity: Capacity }): Promise<{ overCapacity: boolean }> =>
    inMovement(movementId, async (seats) => {
      const overCapacity = exceeds(seats.movement.taken, capacity);
      await seats.changeVehicle(capacity, overCapacity);
      return { overCapacity };
    });

async function resultOf(seats: SeatTransaction, { at }: AllocateInput): Promise<AllocateResult> {
  const { households, people } = await seats.count();
  const released = await seats.find({ status: ['released'], changed: { at, reasonCode: SMALLER_VEHICLE } });
  return {
    households,
    people,
    released: new Set(released.map(({ householdId }) => householdId)).size,
    ...(await seats.outcome()),
  };
}

async function fitSmallerVehicle(seats: SeatTransaction, input: AllocateInput): Promise<void> {
  const before = await seats.find({ status: BEFORE_DEPARTURE });
  await seats.lockHouseholds([...new Set(before.map(({ householdId }) => householdId))]);
  const { leaving, moved, refused } = reallocate(before, seats.movement.room);
  const ids = new Set(leaving);
  await release(
    seats,
    before.filter(({ id }) => ids.has(id)),
    input,
    SMALLER_VEHICLE,
  );
  await seats.refuse(refused, input.at);
  await seats.changeKinds(moved);
}

/** The next households in the order are considered and seated, or refused. The last of them; undefined if none are left. */
async function seatNext(
  seats: SeatTransaction,
  input: AllocateInput,
  after: Position | undefined,
): Promise<Candidate | undefined> {
  const { movement } = seats;
  if (movement.overCapacity) return undefined;
  const left = minus(movement.room, movement.taken);
  if (isFull(left)) {
    await seats.refuseAfter(after, [{ code: 'no_room', words: 'No seats are left' }], input.at);
    return undefined;
  }
  const candidates = await seats.candidates(after, CHUNK);
  if (candidates.length === 0) return undefined;
  await seats.lockHouseholds(candidates.map(({ id }) => id));
  const { groups, refused, stops } = await judge(seats, input, candidates);
  const allocation = allocate(groups, left);
  await seats.reserve(
    allocation.seated.flatMap(({ householdId, seats: places }) =>
      places.map((place) => ({
        ...place,
        id: newId('seat'),
        householdId,
        alightAt: stops.get(householdId) ?? movement.lastStop,
      })),
    ),
    input,
  );
  await seats.forgetRefusals({ households: allocation.seated.map(({ householdId }) => householdId) });
  await seats.refuse([...refused, ...allocation.refused], input.at);
  return candidates.at(-1);
}

/** `stops`: where each household leaves the vehicle. */
type Judged = { groups: HouseholdGroup[]; refused: Allocation['refused']; stops: Map<string, string> };

/**
 * Evaluates, under the locks and with fresh data, which candidates the movement serves and which meet the preconditions.
 */
async function judge(seats: SeatTransaction, input: AllocateInput, candidates: readonly Candidate[]): Promise<Judged> {
  const { movement } = seats;
  const open = await seats.candidateMembers(candidates.map(({ id }) => id));
  const ids = open.map(({ journeyId }) => journeyId);
  const people = new Map((await seats.preconditions(ids, input.at)).map((person) => [person.journeyId, person]));
  const members = Map.groupBy(open, ({ householdId }) => householdId);
  const occasion = occasionOf(movement, input);
  const judged: Judged = { groups: [], refused: [], stops: new Map() };
  for (const { id: householdId, priority, requestedAt, headNationality } of candidates) {
    const group = members.get(householdId) ?? [];
    const head = group.find(({ isHead }) => isHead) ?? group[0];
    // Data may have changed before the lock: then they are considered next time.
    if (!head || group.some((member) => member.seated || member.travel !== 'none' || member.nextLeg !== movement.leg))
      continue;
    const household = group.flatMap(({ journeyId }) => people.get(journeyId) ?? []);
    const nationality = headNationality ?? people.get(head.journeyId)?.nationalityCode ?? null;
    const notServed = servedBy(movement.lists, {
      nationality,
      confirmedBy: head.verifiedState,
      routeDecided: group.every(({ routeDecided }) => routeDecided),
    });
    // A household for which the movement is not planned is not listed as refused.
    if (notServed?.code === 'not_planned_for') continue;
    const verdicts = judgeGroup('allocate', household, occasion);
    const reasons = notServed
      ? [notServed]
      : neutralReasons(verdicts.flatMap(({ own, group: mates }) => [...own, ...mates]));
    if (reasons.length > 0) {
      judged.refused.push({ householdId, reasons });
      continue;
    }
    judged.stops.set(householdId, alightingStop(movement.leaveAt, nationality, movement.lastStop));
    judged.groups.push({ householdId, priority, requestedAt, members: household });
  }
  return judged;
}

type ReleaseInput = Transaction & { reasonCode: string };

/**
 * `aboard`: members who have boarded and must be offloaded by hand. `amended`: the next version of the manifest, where
 * one was needed.
 */
export type ReleaseResult = { people: number; aboard: number; amended?: WrittenManifest };

/**
 * Releases the seats of a household; its priority and date of request stay. After the lock (`amend`) a next version of
 * the manifest is written without it, so that nobody boards with an old list.
 */
export const releaseHousehold =
  (inMovement: InMovement) =>
  (input: ReleaseInput & { householdId: string; amend?: ManifestVersion }): Promise<ReleaseResult> =>
    inMovement(input.movementId, async (seats) => {
      await seats.lockHouseholds([input.householdId]);
      const all = await seats.find({ households: [input.householdId] });
      const before = all.filter(({ status, statusAt }) => status === 'released' && statusAt === input.at).length;
      const people = before + (await release(seats, all, input, input.reasonCode));
      const aboard = all.filter(({ status }) => status === 'boarded').length;
      if (people === 0 || !input.amend) return { people, aboard };
      return { people, aboard, amended: await seats.writeManifest({ ...input, ...input.amend }) };
    });

/** The movement is cancelled: its seats are free and its manifests void. Nobody loses their place in the order. */
export const releaseAll =
  (inMovement: InMovement) =>
  ({ movementId, at, actor, reasonCode }: ReleaseInput): Promise<{ released: number }> =>
    inMovement(movementId, async (seats) => {
      const all = await seats.find({ status: BEFORE_DEPARTURE });
      await seats.lockHouseholds([...new Set(all.map(({ householdId }) => householdId))]);
      await seats.change(
        all.map(({ id }) => ({ seatId: id, status: 'released', at, reasonCode })),
        actor,
      );
      await seats.endManifest('void');
      await seats.forgetRefusals({});
      return { released: (await seats.find({ status: ['released'], changed: { at, reasonCode } })).length };
    });
