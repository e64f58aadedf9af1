import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Role, SYSTEM } from '../../../domain/actor.ts';
import { t } from '../../../domain/messages/t.ts';
import { MOVEMENT_COMMANDS, type MovementCommand } from '../../../domain/movements/commands/index.ts';
import type { MovementEvent, MovementEvents, MovementEventType } from '../../../domain/movements/events.ts';
import {
  emptyMovement,
  evolve,
  MOVEMENT_STATUSES,
  type MovementState,
  movementPhaseOf,
  movementProjection,
  statusOf,
} from '../../../domain/movements/state.ts';

const event = <T extends MovementEventType>(type: T, data: MovementEvents[T], at = 10): MovementEvent =>
  ({ type, data, at, actor: SYSTEM }) as unknown as MovementEvent;
const after = (...events: MovementEvent[]): MovementState => events.reduce(evolve, emptyMovement());

const capacity = { seats: 10, infantLaps: 0, stretchers: 0, wheelchairs: 0 };
const PLAN = event('movementPlanned', {
  leg: 's',
  departsAt: 100,
  arrivesAt: 200,
  capacity,
  stops: ['A', 'B'],
  clearances: [],
});
const BOOKED = event('carrierBooked', { requestId: 'r', bookingRef: 'R' });
const SEATED = event('seatsAllocated', { households: 2, people: 5, refused: 0, released: 0, overCapacity: false });
const LOCKED = event('manifestLocked', { version: 1, people: 5, released: 0 });
const OPEN = event('boardingOpened', {});
const LEFT = event('movementDeparted', { aboard: 5, unaccounted: 0 });
const AT_A = event('movementArrived', { stop: 'A', last: false, alighted: 2 });
const AT_B = event('movementArrived', { stop: 'B', last: true, alighted: 3 });
const EVEN = event('movementReconciled', { booked: 5, boarded: 5, noShow: 0, denied: 0, offloaded: 0 });
const CANCELLED = event('movementCancelled', { released: 5, byCarrier: false });

const STANDS = {
  planned: after(PLAN),
  cleared: after(PLAN, BOOKED),
  seated: after(PLAN, BOOKED, SEATED),
  locked: after(PLAN, BOOKED, SEATED, LOCKED),
  boarding: after(PLAN, BOOKED, SEATED, LOCKED, OPEN),
  departed: after(PLAN, BOOKED, SEATED, LOCKED, OPEN, LEFT),
  atAStop: after(PLAN, BOOKED, SEATED, LOCKED, OPEN, LEFT, AT_A),
  arrived: after(PLAN, BOOKED, SEATED, LOCKED, OPEN, LEFT, AT_A, AT_B),
  closed: after(PLAN, BOOKED, SEATED, LOCKED, OPEN, LEFT, AT_A, AT_B, EVEN, event('movementClosed', {})),
  cancelled: after(PLAN, BOOKED, SEATED, CANCELLED),
};

describe('the status of a movement', () => {
  it.each([
    ['planned', 'planned', 'contract'],
    ['cleared', 'cleared', 'allocation'],
    ['locked', 'cleared', 'boarding'],
    ['boarding', 'boarding', 'boarding'],
    ['departed', 'departed', 'underway'],
    ['atAStop', 'departed', 'underway'],
    ['arrived', 'arrived', 'reconciliation'],
    ['closed', 'closed', 'close'],
    ['cancelled', 'cancelled', 'close'],
  ] as const)('%s: %s, phase %s', (name, status, phase) => {
    expect(statusOf(STANDS[name])).toBe(status);
    expect(movementPhaseOf(STANDS[name])).toBe(phase);
    expect(movementProjection(STANDS[name])).toMatchObject({ status });
  });

  it('falls back when a clearance is lost, and comes back with it', () => {
    const lost = evolve(STANDS.boarding, event('clearanceLost', { kind: 'permit' }));
    expect(statusOf(lost)).toBe('contracted');
    expect(statusOf(evolve(lost, event('clearanceGiven', { kind: 'permit' })))).toBe('cleared');
  });

  it('what has left never comes back by any later event', () => {
    const later: MovementEvent[] = [
      event('clearanceLost', { kind: 'carrier' }),
      event('vehicleChanged', { seats: 1, capacity, overCapacity: true }),
      event('delayed', { departsAt: 1, arrivesAt: 2 }),
      event('householdReleased', { householdId: 'h', people: 1, aboard: 0 }),
      event('messageSetAside', { eventKey: 'e', kind: 'cancelled', why: 'x' }),
      AT_A,
      AT_B,
      EVEN,
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...later)), (events) => {
        const status = statusOf(events.reduce(evolve, STANDS.departed));
        expect(['departed', 'arrived', 'reconciled']).toContain(status);
      }),
    );
  });

  it('is one JSON object: carried over, it is the same', () => {
    for (const state of Object.values(STANDS)) expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  });

  it('has a sentence for each', () => {
    for (const sentence of Object.values(MOVEMENT_STATUSES)) expect(sentence).toMatch(/\.$/);
  });
});

const refusalOf = (
  state: MovementState,
  command: MovementCommand,
  args: object,
  { id, role }: { id: string; role: Role },
  reasonCode?: string,
) => MOVEMENT_COMMANDS.refusal(command, state, { ...args }, { at: 10, actor: { kind: 'staff', id, role }, reasonCode });
const allowedMovementCommands = (state: MovementState, roles: readonly Role[]) =>
  MOVEMENT_COMMANDS.allowed(state, roles, 10);

describe('commands of a movement', () => {
  const officer = { id: 'o', role: 'movement_officer' } as const;
  const samples = { kind: 'security', stop: 'A', scans: [], householdId: 'h' };
  /** for each command, the stands in which a movement officer may give it */
  const allowed: Record<MovementCommand, Array<keyof typeof STANDS>> = {
    giveClearance: ['planned', 'cleared', 'seated', 'locked', 'boarding'],
    loseClearance: ['planned', 'cleared', 'seated', 'locked', 'boarding'],
    allocateSeats: ['cleared', 'seated'],
    lockManifest: ['seated'],
    reopenManifest: ['locked'],
    openBoarding: ['locked'],
    applyScans: ['boarding', 'departed', 'atAStop', 'arrived'],
    recordDeparture: ['boarding'],
    recordArrival: ['departed'],
    reconcile: ['arrived'],
    releaseHousehold: ['planned', 'cleared', 'seated', 'locked', 'boarding'],
    cancelMovement: ['planned', 'cleared', 'seated', 'locked', 'boarding'],
    dismissCancelRequest: [],
  };

  it.each([...MOVEMENT_COMMANDS.names])('%s: when, and when not', (command) => {
    const found = (Object.keys(STANDS) as Array<keyof typeof STANDS>).filter(
      (name) => refusalOf(STANDS[name], command, samples, officer, 'reason') === undefined,
    );
    expect(found).toEqual(allowed[command]);
  });

  it('nobody else may give them, and a reason is asked for where one is due', () => {
    for (const command of MOVEMENT_COMMANDS.names) {
      const { reason, sentence } = MOVEMENT_COMMANDS.byName[command];
      expect(refusalOf(STANDS.boarding, command, samples, { id: 'x', role: 'auditor' }, 'r')).toMatch(
        /not for a auditor/,
      );
      if (reason) expect(refusalOf(STANDS.locked, command, samples, officer)).toBe('A reason must be given');
      expect(t(sentence).length).toBeGreaterThan(10);
    }
  });

  it('a vehicle that has become too small is allocated again, whatever else', () => {
    const small = event('vehicleChanged', { seats: 1, capacity, overCapacity: true });
    for (const stand of [STANDS.seated, STANDS.locked, STANDS.boarding]) {
      const state = evolve(stand, small);
      expect(refusalOf(state, 'allocateSeats', {}, officer)).toBeUndefined();
      expect(refusalOf(state, 'lockManifest', {}, officer)).toBeDefined();
      expect(refusalOf(state, 'openBoarding', {}, officer)).toBeDefined();
    }
  });

  it('the manifest is reopened by two people under two roles, not by one twice, nor by two of one role', () => {
    const asked = evolve(STANDS.locked, event('manifestReopeningRequested', { by: 'o', role: 'movement_officer' }));
    expect(refusalOf(asked, 'reopenManifest', {}, officer, 'r')).toMatch(/two roles/);
    expect(refusalOf(asked, 'reopenManifest', {}, { id: 'p', role: 'movement_officer' }, 'r')).toMatch(/two roles/);
    expect(refusalOf(asked, 'reopenManifest', {}, { id: 'o', role: 'coordinator' }, 'r')).toMatch(/two roles/);
    expect(refusalOf(asked, 'reopenManifest', {}, { id: 'p', role: 'coordinator' }, 'r')).toBeUndefined();
  });

  it('what is said to be allowed is allowed', () => {
    for (const state of Object.values(STANDS)) {
      for (const command of allowedMovementCommands(state, ['movement_officer'])) {
        // judged with the next stop, where the table above asks about the first
        if (command === 'recordArrival') continue;
        expect(allowed[command].some((name) => STANDS[name] === state)).toBe(true);
      }
    }
    expect(allowedMovementCommands(STANDS.atAStop, ['movement_officer'])).toContain('recordArrival');
  });
});
