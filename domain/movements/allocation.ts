import type { SeatKind } from '../journeys/events.ts';
import type { Instant } from '../time.ts';
import type { Capacity } from './events.ts';
import type { NeutralReason } from './householdGroup.ts';
import type { SeatStatus } from './statuses.ts';

/**
 * Allocates the seats of a movement to whole households: vulnerable people first, then by the time of the request.
 * The result depends on the arguments alone: the same list gives the same seats. Each household without a seat gets a
 * reason that it can read.
 */
export type Traveller = {
  journeyId: string;
  traveller: 'adult' | 'child' | 'infant';
  /** what the health officer found, as codes: STRETCHER and WHEELCHAIR decide the kind of seat */
  conditions: readonly string[];
};

export type HouseholdGroup = {
  householdId: string;
  /** lower is earlier */
  priority: number;
  requestedAt: Instant;
  members: readonly Traveller[];
};

/** `stretcherSeats`: how many of the seats one stretcher takes (nine on an aircraft, none on a ship). */
export type FreeCapacity = Capacity & { stretcherSeats: number };

export type Allocation = {
  seated: Array<{ householdId: string; seats: Array<{ journeyId: string; kind: SeatKind }> }>;
  refused: Array<{ householdId: string; reasons: NeutralReason[] }>;
  left: FreeCapacity;
};

/** Priority, then the time of the request, then the id, so that no two households are equal. */
export function byPriority(a: HouseholdGroup, b: HouseholdGroup): number {
  return a.priority - b.priority || a.requestedAt - b.requestedAt || (a.householdId < b.householdId ? -1 : 1);
}

/**
 * Seats households in order of priority. A household that does not fit is passed over with a reason. Smaller ones after
 * it may still get a seat, because an empty seat helps nobody. A later household never changes an earlier one.
 */
export function allocate(groups: readonly HouseholdGroup[], free: FreeCapacity): Allocation {
  let left = free;
  const seated: Allocation['seated'] = [];
  const refused: Allocation['refused'] = [];
  for (const group of groups.toSorted(byPriority)) {
    const placed = place(group, left);
    if ('reasons' in placed) {
      refused.push({ householdId: group.householdId, reasons: placed.reasons });
      continue;
    }
    left = minus(left, needOf(placed.kinds, left.stretcherSeats));
    const seats = group.members.map((member, i) => ({ journeyId: member.journeyId, kind: placed.kinds[i] ?? 'seat' }));
    seated.push({ householdId: group.householdId, seats });
  }
  return { seated, refused, left };
}

/**
 * The seat of each member, or why the household does not fit. Each adult of the household who has a seat may hold one
 * infant on the lap. Other infants have a seat of their own.
 */
function place(group: HouseholdGroup, left: FreeCapacity): { kinds: SeatKind[] } | { reasons: NeutralReason[] } {
  const reasons: NeutralReason[] = [];
  const own = group.members.map(ownKind);
  const laps = group.members.filter((member, i) => member.traveller === 'adult' && own[i] !== 'stretcher').length;
  const infants = group.members.filter((member) => member.traveller === 'infant').length;
  if (infants > 0 && !group.members.some((member) => member.traveller === 'adult')) {
    reasons.push({
      code: 'infant_without_adult',
      words: 'An infant needs an adult of the household on board: somebody must decide who travels with the infant',
    });
  }
  let free = Math.min(laps, left.infantLaps);
  const kinds = own.map((kind) => {
    if (kind !== 'infant_lap') return kind;
    free -= 1;
    return free >= 0 ? 'infant_lap' : 'seat';
  });
  const need = needOf(kinds, left.stretcherSeats);
  if (need.stretchers > left.stretchers)
    reasons.push(short('no_stretcher', need.stretchers, left.stretchers, 'a stretcher', 'stretchers'));
  if (need.wheelchairs > left.wheelchairs) {
    reasons.push(short('no_wheelchair', need.wheelchairs, left.wheelchairs, 'a wheelchair place', 'wheelchair places'));
  }
  if (need.seats > left.seats) reasons.push(short('no_room', need.seats, left.seats, '1 seat', 'seats'));
  return reasons.length > 0 ? { reasons } : { kinds };
}

function ownKind(member: Traveller): SeatKind {
  if (member.conditions.includes('STRETCHER')) return 'stretcher';
  if (member.conditions.includes('WHEELCHAIR')) return 'wheelchair';
  return member.traveller === 'infant' ? 'infant_lap' : 'seat';
}

/** What seats of these kinds take of a vehicle. A person in a wheelchair sits on a seat too. */
export function needOf(kinds: readonly SeatKind[], stretcherSeats: number): Capacity {
  const count = (kind: SeatKind): number => kinds.filter((k) => k === kind).length;
  return {
    seats: count('seat') + count('wheelchair') + count('stretcher') * stretcherSeats,
    infantLaps: count('infant_lap'),
    stretchers: count('stretcher'),
    wheelchairs: count('wheelchair'),
  };
}

/** What is left of a vehicle. */
export const minus = (free: FreeCapacity, need: Capacity): FreeCapacity => ({
  seats: free.seats - need.seats,
  infantLaps: free.infantLaps - need.infantLaps,
  stretchers: free.stretchers - need.stretchers,
  wheelchairs: free.wheelchairs - need.wheelchairs,
  stretcherSeats: free.stretcherSeats,
});

/** Whether nobody else fits. Everybody takes a seat, except a stretcher on a ship. */
export const isFull = (left: FreeCapacity): boolean =>
  left.seats <= 0 && (left.stretcherSeats > 0 || left.stretchers <= 0);

/** Whether more is taken than a vehicle holds. */
export const exceeds = (taken: Capacity, capacity: Capacity): boolean =>
  taken.seats > capacity.seats ||
  taken.infantLaps > capacity.infantLaps ||
  taken.stretchers > capacity.stretchers ||
  taken.wheelchairs > capacity.wheelchairs;

/** A seat that somebody holds, with what decides about it on a smaller vehicle. */
export type HeldSeat = Pick<Traveller, 'journeyId' | 'traveller'> &
  Pick<HouseholdGroup, 'householdId' | 'priority' | 'requestedAt'> & { id: string; kind: SeatKind; status: SeatStatus };

/** Seats whose people leave, those that change their kind, and the households that do not fit, with reasons. */
export type Reallocation = Pick<Allocation, 'refused'> & {
  leaving: string[];
  moved: Array<Pick<HeldSeat, 'id' | 'kind'>>;
};

/**
 * Allocates a smaller vehicle among those who have seats. A household with a member on board comes before all others:
 * the system offloads nobody.
 */
export function reallocate(held: readonly HeldSeat[], free: FreeCapacity): Reallocation {
  const isAboard = (seats: readonly HeldSeat[]): boolean => seats.some(({ status }) => status === 'boarded');
  const households = [...Map.groupBy(held, ({ householdId }) => householdId).values()];
  const aboard = households.filter(isAboard).flatMap((seats) => seats.map(({ kind }) => kind));
  const others = households.filter((seats) => !isAboard(seats)).flatMap(asGroup);
  const { seated, refused } = allocate(others, minus(free, needOf(aboard, free.stretcherSeats)));
  const leaving = new Set(refused.map(({ householdId }) => householdId));
  const kinds = new Map(seated.flatMap(({ seats }) => seats.map(({ journeyId, kind }) => [journeyId, kind] as const)));
  return {
    refused,
    leaving: held.filter(({ householdId }) => leaving.has(householdId)).map(({ id }) => id),
    // Only from a lap to a seat, if laps are missing, so that seats never exceed the capacity.
    moved: held.flatMap(({ id, journeyId, kind: before }) => {
      const kind = kinds.get(journeyId) ?? before;
      return kind === before ? [] : [{ id, kind }];
    }),
  };
}

/** A seated household as a group to place again, each in a seat of the same kind. */
function asGroup(seats: readonly HeldSeat[]): HouseholdGroup[] {
  const members = seats.map(({ journeyId, traveller, kind }): Traveller => {
    const conditions = kind === 'stretcher' ? ['STRETCHER'] : kind === 'wheelchair' ? ['WHEELCHAIR'] : [];
    return { journeyId, conditions, traveller: traveller === 'infant' && kind === 'seat' ? 'child' : traveller };
  });
  return seats
    .slice(0, 1)
    .map(({ householdId, priority, requestedAt }) => ({ householdId, priority, requestedAt, members }));
}

function short(code: NeutralReason['code'], needed: number, left: number, one: string, many: string): NeutralReason {
  const what = needed === 1 ? `${one} is` : `${needed} ${many} are`;
  return { code, words: `${what.charAt(0).toUpperCase()}${what.slice(1)} needed, ${Math.max(left, 0)} left` };
}

/** For whom a movement is planned, by the nationality of the head of household; null is everybody. */
export type Lists = { forHouseholdsOf: string[] | null; acceptsNationalities: string[] | null };

/** Codes of ICAO Doc 9303 for people without a nationality, or with an unknown one. */
const WITHOUT_NATIONALITY = ['XXA', 'XXB', 'XXC', 'XXX'];

/** One State has two codes: one in passports and one in lists. */
const SAME_STATE: Record<string, string> = { RKS: 'XKX' };

/**
 * Why a movement does not serve a household, or undefined. The nationality of the head decides for the whole household,
 * also where its nationalities are mixed.
 * A movement for everybody serves people without a nationality as well. A movement with a list of nationalities serves
 * them only under two conditions: a person has decided their route, and a State has confirmed the head as its national.
 * Then that State counts. Otherwise a person must decide.
 */
export function servedBy(
  lists: Lists,
  head: { nationality: string | null; confirmedBy: string | null; routeDecided: boolean },
): NeutralReason | undefined {
  if (lists.forHouseholdsOf === null && lists.acceptsNationalities === null) return undefined;
  const own =
    head.nationality !== null && !WITHOUT_NATIONALITY.includes(head.nationality) ? head.nationality : undefined;
  const nationality = own ?? (head.routeDecided ? head.confirmedBy : null);
  if (nationality === null) {
    return {
      code: 'nationality_undecided',
      words: 'People without a nationality are on no list of this movement: somebody must decide',
    };
  }
  if (!holds(lists.forHouseholdsOf, nationality))
    return { code: 'not_planned_for', words: 'This movement is planned for others' };
  if (!holds(lists.acceptsNationalities, nationality)) {
    return { code: 'not_accepted', words: 'The country at the end of this movement does not let them in' };
  }
  return undefined;
}

/** Where a household leaves the vehicle: the stop for its head's nationality, else the last one. */
export function alightingStop(
  leaveAt: Readonly<Record<string, readonly string[]>>,
  headNationality: string | null,
  last: string,
): string {
  if (headNationality === null) return last;
  return Object.entries(leaveAt).find(([, list]) => holds(list, headNationality))?.[0] ?? last;
}

function holds(list: readonly string[] | null, nationality: string): boolean {
  if (list === null) return true;
  const same = (code: string): string => SAME_STATE[code] ?? code;
  return list.some((entry) => same(entry) === same(nationality));
}
