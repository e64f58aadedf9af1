import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Allocation,
  alightingStop,
  allocate,
  byPriority,
  exceeds,
  type FreeCapacity,
  type HeldSeat,
  type HouseholdGroup,
  isFull,
  needOf,
  reallocate,
  servedBy,
} from '../../../domain/movements/allocation.ts';

const traveller = fc.record({
  traveller: fc.constantFrom('adult' as const, 'adult' as const, 'child' as const, 'infant' as const),
  conditions: fc.subarray(['STRETCHER', 'WHEELCHAIR', 'PREGNANCY_LETTER'], { maxLength: 1 }),
});

const groups: fc.Arbitrary<HouseholdGroup[]> = fc
  .array(
    fc.record({
      priority: fc.nat(3),
      requestedAt: fc.nat(5),
      members: fc.array(traveller, { minLength: 1, maxLength: 6 }),
    }),
    { maxLength: 25 },
  )
  .map((list) =>
    list.map((group, u) => ({
      ...group,
      householdId: `hh_${String(u).padStart(3, '0')}`,
      members: group.members.map((member, m) => ({ ...member, journeyId: `jrn_${u}_${m}` })),
    })),
  );

const room: fc.Arbitrary<FreeCapacity> = fc.record({
  seats: fc.nat(40),
  infantLaps: fc.nat(5),
  stretchers: fc.nat(2),
  wheelchairs: fc.nat(3),
  stretcherSeats: fc.constantFrom(0, 9),
});

const seatedIds = (allocation: Allocation): string[] => allocation.seated.map((group) => group.householdId);

describe('allocation', () => {
  it('never passes the capacity, of any kind', () => {
    fc.assert(
      fc.property(groups, room, (list, vehicle) => {
        const { seated, left } = allocate(list, vehicle);
        const used = needOf(
          seated.flatMap((group) => group.seats.map((seat) => seat.kind)),
          vehicle.stretcherSeats,
        );
        for (const kind of ['seats', 'infantLaps', 'stretchers', 'wheelchairs'] as const) {
          expect(used[kind]).toBeLessThanOrEqual(vehicle[kind]);
          expect(left[kind]).toBe(vehicle[kind] - used[kind]);
        }
      }),
    );
  });

  it('takes households whole, each once: seated with every member, or refused with a reason', () => {
    fc.assert(
      fc.property(groups, room, (list, vehicle) => {
        const { seated, refused } = allocate(list, vehicle);
        expect([...seated, ...refused].map((group) => group.householdId).toSorted()).toEqual(
          list.map((group) => group.householdId),
        );
        for (const group of seated) {
          const members = list.find((one) => one.householdId === group.householdId)?.members ?? [];
          expect(group.seats.map((seat) => seat.journeyId)).toEqual(members.map((member) => member.journeyId));
        }
        for (const group of refused) expect(group.reasons.length).toBeGreaterThan(0);
      }),
    );
  });

  it('is the same whatever the order in which the list comes', () => {
    fc.assert(
      fc.property(
        groups.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
        room,
        ([list, shuffled], vehicle) => {
          expect(allocate(shuffled, vehicle)).toEqual(allocate(list, vehicle));
        },
      ),
    );
  });

  it('what comes later in the order never changes what came before', () => {
    fc.assert(
      fc.property(groups, room, fc.nat(25), (list, vehicle, cut) => {
        const sorted = list.toSorted(byPriority);
        const ahead = sorted.slice(0, cut);
        const whole = allocate(sorted, vehicle);
        const alone = allocate(ahead, vehicle);
        const isAhead = (id: string): boolean => ahead.some((group) => group.householdId === id);
        expect(whole.seated.filter((group) => isAhead(group.householdId))).toEqual(alone.seated);
        expect(whole.refused.filter((group) => isAhead(group.householdId))).toEqual(alone.refused);
      }),
    );
  });

  it('the first in the order who fits an empty vehicle is seated; nobody is passed over for somebody behind them who needs more', () => {
    fc.assert(
      fc.property(groups, room, (list, vehicle) => {
        const { seated, refused } = allocate(list, vehicle);
        const first = list.toSorted(byPriority)[0];
        if (first && seated.length > 0 && allocate([first], vehicle).seated.length === 1)
          expect(seatedIds({ seated, refused, left: vehicle })[0]).toBe(first.householdId);
        const size = (id: string): string => {
          const members = list.find((group) => group.householdId === id)?.members ?? [];
          return JSON.stringify(members.map((member) => [member.traveller, member.conditions]));
        };
        const order = list.toSorted(byPriority).map((group) => group.householdId);
        for (const out of refused) {
          for (const inside of seated) {
            if (order.indexOf(inside.householdId) > order.indexOf(out.householdId))
              expect(size(inside.householdId)).not.toBe(size(out.householdId));
          }
        }
      }),
    );
  });

  it('who all fit one vehicle all fit a larger one', () => {
    fc.assert(
      fc.property(groups, room, room, (list, vehicle, more) => {
        if (allocate(list, vehicle).refused.length > 0) return;
        const larger = {
          ...vehicle,
          seats: vehicle.seats + more.seats,
          infantLaps: vehicle.infantLaps + more.infantLaps,
          stretchers: vehicle.stretchers + more.stretchers,
          wheelchairs: vehicle.wheelchairs + more.wheelchairs,
        };
        expect(allocate(list, larger).refused).toEqual([]);
      }),
    );
  });

  it('no lap without an adult of the household who has a seat under it', () => {
    fc.assert(
      fc.property(groups, room, (list, vehicle) => {
        for (const { householdId, seats } of allocate(list, vehicle).seated) {
          const members = list.find((group) => group.householdId === householdId)?.members ?? [];
          const adults = members.filter(
            (member, i) => member.traveller === 'adult' && seats[i]?.kind !== 'stretcher',
          ).length;
          expect(seats.filter((seat) => seat.kind === 'infant_lap').length).toBeLessThanOrEqual(adults);
        }
      }),
    );
  });

  const group = (householdId: string, members: number, over: Partial<HouseholdGroup> = {}): HouseholdGroup => ({
    householdId,
    priority: 100,
    requestedAt: 0,
    members: Array.from({ length: members }, (_, i) => ({
      journeyId: `${householdId}_${i}`,
      traveller: 'adult',
      conditions: [],
    })),
    ...over,
  });
  const seats = (n: number, over: Partial<FreeCapacity> = {}): FreeCapacity => ({
    seats: n,
    infantLaps: 0,
    stretchers: 0,
    wheelchairs: 0,
    stretcherSeats: 9,
    ...over,
  });

  it('passes over a household that does not fit, says so, and takes smaller ones behind it', () => {
    const { seated, refused } = allocate(
      [group('a', 3), group('b', 4, { requestedAt: 1 }), group('c', 2, { requestedAt: 2 })],
      seats(5),
    );
    expect(seated.map((one) => one.householdId)).toEqual(['a', 'c']);
    expect(refused).toEqual([
      { householdId: 'b', reasons: [{ code: 'no_room', words: '4 seats are needed, 2 left' }] },
    ]);
  });

  it('a stretcher takes nine seats of an aircraft, and none of a ship', () => {
    const patient = group('a', 1, { members: [{ journeyId: 'j', traveller: 'adult', conditions: ['STRETCHER'] }] });
    expect(allocate([patient], seats(8, { stretchers: 1 })).refused).toHaveLength(1);
    expect(allocate([patient], seats(9, { stretchers: 1 })).left.seats).toBe(0);
    expect(allocate([patient], seats(0, { stretchers: 1, stretcherSeats: 0 })).seated).toHaveLength(1);
    expect(allocate([patient], seats(9)).refused[0]?.reasons.map((reason) => reason.code)).toEqual(['no_stretcher']);
  });

  it('an infant without an adult of the household goes nowhere by itself', () => {
    const alone = group('a', 1, { members: [{ journeyId: 'j', traveller: 'infant', conditions: [] }] });
    expect(allocate([alone], seats(9, { infantLaps: 2 })).refused[0]?.reasons[0]?.code).toBe('infant_without_adult');
  });
});

describe('a smaller vehicle', () => {
  const vehicle = (over: Partial<FreeCapacity> = {}): FreeCapacity => ({
    ...{ seats: 3, infantLaps: 0, stretchers: 0, wheelchairs: 0, stretcherSeats: 9 },
    ...over,
  });
  const held = (householdId: string, n: number, over: Partial<HeldSeat> = {}): HeldSeat => ({
    ...{
      id: `seat_${householdId}${n}`,
      journeyId: `jrn_${householdId}${n}`,
      householdId,
      kind: 'seat',
      status: 'reserved',
    },
    ...{ traveller: 'adult', priority: 100, requestedAt: householdId.charCodeAt(0), ...over },
  });

  it('loses the last in the order as whole households, with reasons', () => {
    const { leaving, moved, refused } = reallocate([held('a', 1), held('b', 1), held('b', 2), held('c', 1)], vehicle());
    expect([leaving, moved]).toEqual([['seat_c1'], []]);
    expect(refused).toMatchObject([{ householdId: 'c', reasons: [{ code: 'no_room' }] }]);
  });

  it('offloads nobody: a household with a member on board stays before all others', () => {
    const seats = [held('a', 1), held('a', 2), held('z', 1, { status: 'boarded' }), held('z', 2)];
    expect(reallocate(seats, vehicle({ seats: 4 })).leaving).toEqual([]);
    expect(reallocate(seats, vehicle({ seats: 2 })).leaving).toEqual(['seat_a1', 'seat_a2']);
  });

  it('moves an infant from a lap to a seat, never from a seat to a lap, and leaves other kinds', () => {
    const lap = held('a', 2, { kind: 'infant_lap', traveller: 'infant' });
    expect(reallocate([held('a', 1), lap], vehicle()).moved).toEqual([{ id: 'seat_a2', kind: 'seat' }]);
    const sitting = held('a', 2, { traveller: 'infant' });
    expect(reallocate([held('a', 1), sitting], vehicle({ infantLaps: 2 })).moved).toEqual([]);
    const wheelchair = held('a', 1, { kind: 'wheelchair' });
    expect(reallocate([wheelchair], vehicle()).leaving).toEqual(['seat_a1']);
    expect(reallocate([wheelchair], vehicle({ wheelchairs: 1 }))).toEqual({ leaving: [], moved: [], refused: [] });
  });

  it('is too small if one count is exceeded, and full when nobody else fits', () => {
    const taken = { seats: 3, infantLaps: 0, stretchers: 0, wheelchairs: 0 };
    expect(exceeds(taken, vehicle())).toBe(false);
    for (const kind of ['seats', 'infantLaps', 'stretchers', 'wheelchairs'] as const)
      expect(exceeds({ ...taken, [kind]: 4 }, vehicle())).toBe(true);
    expect(isFull(vehicle({ seats: 0, stretchers: 1 }))).toBe(true);
    expect(isFull(vehicle({ seats: 0, stretchers: 1, stretcherSeats: 0 }))).toBe(false);
  });
});

describe('whom a movement serves', () => {
  const lists = { forHouseholdsOf: ['NER', 'MLI'], acceptsNationalities: ['NER', 'MLI', 'NGA'] };
  const head = { nationality: 'NER', confirmedBy: null, routeDecided: true };
  it.each([
    [{ forHouseholdsOf: null, acceptsNationalities: null }, { ...head, nationality: 'XXA' }, undefined],
    [{ forHouseholdsOf: null, acceptsNationalities: null }, { ...head, nationality: null }, undefined],
    [lists, head, undefined],
    [lists, { ...head, nationality: 'NGA' }, 'not_planned_for'],
    [{ ...lists, acceptsNationalities: ['MLI'] }, head, 'not_accepted'],
    [{ forHouseholdsOf: null, acceptsNationalities: ['MLI'] }, head, 'not_accepted'],
    [lists, { ...head, nationality: 'XXA' }, 'nationality_undecided'],
    [lists, { ...head, nationality: 'XXX', confirmedBy: 'NER', routeDecided: false }, 'nationality_undecided'],
    [lists, { ...head, nationality: 'XXX', confirmedBy: 'NER' }, undefined],
    [lists, { ...head, nationality: 'XXX', confirmedBy: 'GIN' }, 'not_planned_for'],
    // another State's confirmation does not move somebody who has a nationality to that State's list
    [lists, { ...head, nationality: 'GIN', confirmedBy: 'NER' }, 'not_planned_for'],
    [{ forHouseholdsOf: ['XKX'], acceptsNationalities: null }, { ...head, nationality: 'RKS' }, undefined],
  ])('%j and a head %j: %s', (on, of, code) => {
    expect(servedBy(on, of)?.code).toBe(code);
  });

  it('a household gets off where its head does', () => {
    expect(alightingStop({ NIM: ['NER'] }, 'NER', 'LOS')).toBe('NIM');
    expect(alightingStop({ NIM: ['NER'] }, 'NGA', 'LOS')).toBe('LOS');
    expect(alightingStop({ NIM: ['NER'] }, null, 'LOS')).toBe('LOS');
  });
});
