import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { RequestActivities, SendInput, SendOutcome } from '../../activities/requests.ts';
import type { MovementActivities, RecordActivities } from '../../activities/subjects.ts';
import type { Actor, Role } from '../../domain/actor.ts';
import type { Decision } from '../../domain/commands.ts';
import type { Scan } from '../../domain/movements/events.ts';
import type { RecordBatch, RecordedEvent } from '../../domain/record.ts';
import { defaultRules } from '../../domain/rules.ts';
import { DAY, HOUR, REAL_CLOCK } from '../../domain/time.ts';
import {
  type CarrierMessage,
  type MovementAnswer,
  type MovementInput,
  type PartnerAnswered,
  workflowId,
} from '../../workflows/messages.ts';

type Send = (input: SendInput) => Promise<SendOutcome>;
type Fakes = MovementActivities &
  RecordActivities &
  Pick<RequestActivities, 'sendRequest' | 'recallRequest' | 'remindRequest' | 'setAnswerAside'>;

/**
 * Stand-ins for everything a movement calls: a vehicle of a few people held as counts, with the event_log it wrote.
 * Tests replace what should misbehave.
 */
export function fakeMovement({ bookCarrier, ...overrides }: Partial<Fakes> & { bookCarrier?: Send } = {}) {
  const batches: RecordBatch[] = [];
  const calls: Record<string, number> = {};
  const seats = { reserved: 0, checkedIn: 0, boarded: 0, noShow: 0, denied: 0, offloaded: 0, capacity: 4, wanting: 4 };
  const held = (): number => seats.reserved + seats.checkedIn + seats.boarded;
  const counted =
    <A extends unknown[], R>(name: string, work: (...args: A) => R) =>
    async (...args: A): Promise<Awaited<R>> => {
      calls[name] = (calls[name] ?? 0) + 1;
      return await work(...args);
    };
  const book: Send = counted('bookCarrier', ({ partnerId = '', round, at }) => ({
    outcome: 'requested' as const,
    ...{ requestId: `req_${round}`, partnerId, at },
    answer: { kind: 'booking' as const, outcome: 'booked' as const, bookingRef: 'REF1' },
  }));
  const announce: Send = counted('announceArrival', ({ at }) => ({
    outcome: 'requested' as const,
    ...{ requestId: 'req_r', partnerId: 'par_agency', at },
  }));
  const activities: Fakes = {
    async record(batch) {
      batches.push(batch);
      return { seatedOn: [] };
    },
    suspensionOverlap: async () => ({ overlap: 0, open: false }),
    sendRequest: (input) => (input.kind === 'reception' ? announce(input) : (bookCarrier ?? book)(input)),
    recallRequest: counted('recallRequest', () => ({ recalled: true })),
    remindRequest: counted('remindRequest', () => ({ reminded: true })),
    setAnswerAside: counted('setAnswerAside', () => undefined),
    notifyJourneys: counted('notifyJourneys', () => ({ notified: 0, over: 0 })),
    writeClearance: counted('writeClearance', () => undefined),
    changeVehicle: counted('changeVehicle', ({ capacity }) => {
      seats.capacity = capacity.seats;
      return { overCapacity: held() > seats.capacity };
    }),
    allocateSeats: counted('allocateSeats', ({ amend }) => {
      const before = held();
      seats.reserved = Math.min(seats.wanting, seats.capacity);
      const released = Math.max(0, before - seats.reserved);
      const people = held();
      const result = { households: people, people, refused: seats.wanting - people, released, overCapacity: false };
      return amend ? { ...result, amended: { version: amend.version, people } } : result;
    }),
    lockManifest: counted('lockManifest', ({ version }) =>
      held() > 0
        ? { outcome: 'locked' as const, version, people: held(), released: [] }
        : { outcome: 'nobody' as const, released: [] },
    ),
    releaseHousehold: counted('releaseHousehold', ({ amend }) => {
      const people = Math.min(1, seats.reserved);
      seats.reserved -= people;
      const aboard = people === 0 && seats.boarded > 0 ? 1 : 0;
      return {
        people,
        aboard,
        ...(amend && people > 0 ? { amended: { version: amend.version, people: held() } } : {}),
      };
    }),
    releaseAll: counted('releaseAll', () => {
      const released = held();
      Object.assign(seats, { reserved: 0, checkedIn: 0, boarded: 0 });
      return { released };
    }),
    applyScans: counted('applyScans', ({ scans, mustLeave }) => {
      for (const scan of scans) move(seats, scan.kind);
      const { checkedIn, boarded, noShow, denied, offloaded } = seats;
      return {
        checkedIn,
        boarded,
        noShow,
        denied,
        offloaded,
        refused: 0,
        offBoard: offloaded > 0 ? [...mustLeave] : [],
      };
    }),
    departSeats: counted('departSeats', ({ already }) => {
      const unaccounted = seats.reserved + seats.checkedIn;
      if (unaccounted > 0 && !already)
        return { outcome: 'refused' as const, reason: `${unaccounted} people are unaccounted for` };
      return { outcome: 'departed' as const, aboard: seats.boarded, unaccounted };
    }),
    arriveSeats: counted('arriveSeats', ({ last }) => ({ alighted: last ? seats.boarded : 0 })),
    reconcileSeats: counted('reconcileSeats', () => {
      const { boarded, noShow, denied, offloaded } = seats;
      const unaccounted = seats.reserved + seats.checkedIn;
      return {
        booked: boarded + noShow + denied + offloaded + unaccounted,
        boarded,
        noShow,
        denied,
        offloaded,
        unaccounted,
      };
    }),
    ...overrides,
  };
  const event_log = (): RecordedEvent[] => batches.flatMap((batch) => batch.events);
  return {
    activities,
    batches,
    calls,
    seats,
    event_log,
    types: () => event_log().map((event) => event.type),
    event: (type: string) => event_log().findLast((event) => event.type === type)?.data,
    /** waits that stood open when the last batch was written */
    waits: () => batches.at(-1)?.waits ?? [],
    status: () => batches.at(-1)?.projection['status'],
  };
}

function move(seats: ReturnType<typeof fakeMovement>['seats'], kind: Scan['kind']): void {
  if (kind === 'offload') {
    if (seats.boarded > 0) Object.assign(seats, { boarded: seats.boarded - 1, offloaded: seats.offloaded + 1 });
    return;
  }
  const from = kind !== 'check_in' && seats.checkedIn > 0 ? 'checkedIn' : 'reserved';
  if (seats[from] === 0) return;
  seats[from] -= 1;
  const to = ({ check_in: 'checkedIn', board: 'boarded', no_show: 'noShow', deny: 'denied' } as const)[kind];
  seats[to] += 1;
}

export function movementInput(now: number, over: Partial<MovementInput> = {}): MovementInput {
  return {
    version: 1,
    movementId: `mov_${Math.random().toString(36).slice(2)}`,
    operationId: 'op_test',
    clock: REAL_CLOCK,
    rules: defaultRules('evacuation'),
    leg: 'evacuation',
    carrierId: 'par_carrier',
    departsAt: now + DAY,
    arrivesAt: now + DAY + 6 * HOUR,
    stops: ['SAN'],
    capacity: { seats: 4, infantLaps: 0, stretchers: 0, wheelchairs: 0 },
    ...over,
  };
}

export const OFFICER = (role: Role, id = `${role}@test`): Extract<Actor, { kind: 'staff' }> => ({
  kind: 'staff',
  id,
  role,
});

let serial = 0;

/** A movement that runs on the test server, with the words to speak to it. */
export async function startMovement(env: TestWorkflowEnvironment, input: MovementInput, taskQueue: string) {
  const handle = await env.client.workflow.start('movement', {
    taskQueue,
    workflowId: workflowId.movement(input.movementId),
    args: [input],
  });
  const command = (name: string, args: object = {}, extra: Partial<Decision<object>> = {}): Promise<MovementAnswer> => {
    const commandId = extra.commandId ?? `cmd-${++serial}`;
    return handle.executeUpdate<MovementAnswer, [Decision<object>]>(name, {
      updateId: commandId,
      args: [{ commandId, actor: OFFICER('movement_officer'), args, reasonCode: 'test', ...extra }],
    });
  };
  return {
    handle,
    command,
    carrier: (update: CarrierMessage['update'], extra: Partial<CarrierMessage> = {}) =>
      handle.signal('carrierReported', [
        { eventKey: `evt-${++serial}`, partnerId: 'par_carrier', at: Date.now() + 10 * 365 * DAY, update, ...extra },
      ]),
    partner: (answer: PartnerAnswered['answer'], requestId = 'req_1') =>
      handle.signal('partnerAnswered', [
        { eventKey: `evt-${++serial}`, requestId, partnerId: 'par_carrier', at: Date.now(), answer },
      ]),
    mustLeave: (householdId: string, key = `key-${++serial}`) =>
      handle.signal('householdMustLeave', { key, householdId, at: Date.now(), cause: 'hold' }),
    scans: (kind: Scan['kind'], n: number) =>
      command('applyScans', {
        scans: Array.from(
          { length: n },
          (_, i): Scan => ({ scanId: `s-${++serial}`, journeyId: `jrn_${i}`, kind, at: Date.now() }),
        ),
      }),
    /** as far as the open gate */
    async toTheGate() {
      await command('allocateSeats');
      await command('lockManifest');
      await command('openBoarding');
    },
  };
}
