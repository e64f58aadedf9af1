import { SYSTEM } from '../../domain/actor.ts';
import type { EventHeader } from '../../domain/journeys/events.ts';
import type { EscalationStep } from '../../domain/journeys/waits.ts';
import type { MovementEvent } from '../../domain/movements/events.ts';
import {
  isOver,
  MOVEMENT,
  type MovementPhase,
  type MovementState,
  movementPhaseOf,
  movementProjection,
  statusOf,
} from '../../domain/movements/state.ts';
import { MOVEMENT_CARRIED, type MovementAnswer, type MovementInput } from '../../domain/movements/stored.ts';
import type { RecordedEvent } from '../../domain/record.ts';
import { REQUESTS } from '../../domain/requests/index.ts';
import type { Instant } from '../../domain/time.ts';
import { movementLists, movementTransactions, remindRequest, setAnswerAside } from '../activities.ts';
import type { SignalModules } from '../aggregate/live.ts';
import { AggregateRun, type Kind } from '../aggregate/run.ts';
import type { CarrierMessage, HouseholdMustLeave, movementSignals, PartnerAnswered } from '../messages.ts';
import { arrive, cancel, depart, releaseHousehold } from './steps.ts';

export type MovementTypes = {
  state: MovementState;
  event: MovementEvent;
  answer: MovementAnswer;
  message: PartnerAnswered;
};

const KIND: Kind<MovementTypes> = {
  ...MOVEMENT,
  kind: 'movement',
  isOver: (state) => state.closed,
  phase: movementPhaseOf,
  projection: movementProjection,
  answer: (state, _rules, detail) => ({ seq: state.seq, status: statusOf(state), detail }),
};

/** One flight, ship, bus or convoy while it runs. */
export class MovementRun extends AggregateRun<MovementTypes> {
  readonly carrierId: string | undefined;
  /** reservations on a row or two of our own database */
  readonly transactions = this.calls.inTurn(movementTransactions);
  private readonly input: MovementInput;
  private lastTransaction: Instant = 0;
  /** people have not been notified yet of how their seats stand */
  private pendingNotifications: boolean;
  private notifying = false;

  constructor(input: MovementInput) {
    const { movementId, operationId, clock, rules } = input;
    const carried = input.carried === undefined ? undefined : MOVEMENT_CARRIED.read(input.carried);
    super(KIND, { subject: movementId, operationId, clock, rules, carried });
    this.input = input;
    this.carrierId = input.carrierId;
    this.pendingNotifications = carried !== undefined;
    void this.notifyPeople();
  }

  begin(): void {
    const { leg, departsAt, arrivesAt, capacity, stops, clearances } = this.input;
    this.event('movementPlanned', { leg, departsAt, arrivesAt, capacity, stops, clearances: clearances ?? [] });
  }

  override get phase(): MovementPhase {
    return movementPhaseOf(this.state);
  }

  /** Who takes a reservation, and when: a moment of its own for each, so that one taken twice finds what it wrote. */
  transaction(by: Partial<EventHeader>) {
    this.lastTransaction = Math.max(this.now(), this.lastTransaction + 1);
    return { movementId: this.subject, at: this.lastTransaction, actor: by.actor ?? SYSTEM };
  }

  override escalationReached(key: string, escalationStep: Exclude<EscalationStep, 'waiting'>): void {
    super.escalationReached(key, escalationStep);
    const { requestId, status } = this.state.booking;
    if (escalationStep !== 'reminded' || key !== REQUESTS.booking.waits.answer.key || status !== 'requested') return;
    // Nobody waits for it: where the carrier cannot be reminded, the escalation goes on to people all the same.
    if (requestId !== undefined) remindRequest({ requestId, at: this.now() }).catch(() => {});
  }

  /** People are notified of their seats after these are on record. */
  seatsChanged(): void {
    this.pendingNotifications = true;
  }

  protected override idle(): boolean {
    return super.idle() && !this.pendingNotifications && !this.notifying;
  }

  protected override rebase(state: MovementState, recorded: readonly RecordedEvent[]): void {
    super.rebase(state, recorded);
    this.seatsChanged();
  }

  private async notifyPeople(): Promise<never> {
    for (;;) {
      await this.when(() => this.pendingNotifications && this.calls.idle);
      this.pendingNotifications = false;
      this.notifying = true;
      await movementLists.notifyJourneys({ movementId: this.subject });
      this.notifying = false;
    }
  }
}

type By = Partial<EventHeader>;

export type MovementMessages = Record<typeof movementSignals.carrierReported, CarrierMessage> &
  Record<typeof movementSignals.partnerAnswered, PartnerAnswered> &
  Record<typeof movementSignals.householdMustLeave, HouseholdMustLeave>;

/**
 * What others may say to a movement. What comes inFlight of its order is kept and looked at by a person, and never turns a
 * movement back.
 */
export const SIGNALS: SignalModules<MovementRun, MovementMessages> = {
  carrierReported: { key: ({ eventKey }) => eventKey, handle: handleCarrierMessage },
  partnerAnswered: { key: ({ eventKey }) => eventKey, handle: handleBookingAnswer },
  householdMustLeave: { key: ({ key }) => key, handle: (run, { householdId }) => leave(run, householdId) },
};

/** A household cannot travel. Once it has left with the vehicle there is nothing to release: its journeys say what follows. */
async function leave(run: MovementRun, householdId: string): Promise<void> {
  if (!isOver(run.state) && run.state.departedAt === undefined) await releaseHousehold(run, householdId, {});
}

async function handleCarrierMessage(
  run: MovementRun,
  { eventKey, partnerId, at, reasonCode, update }: CarrierMessage,
): Promise<void> {
  const { state } = run;
  const by: By = {
    at: Math.min(at, run.now()),
    actor: { kind: 'partner', id: partnerId },
    ...(reasonCode ? { reasonCode } : {}),
  };
  const setAside = (why: string): void => run.event('messageSetAside', { eventKey, kind: update.kind, why }, by);
  if (run.carrierId !== undefined && partnerId !== run.carrierId) return setAside('not_its_carrier');
  if (state.cancelled && update.kind !== 'cancelled') return setAside('cancelled');
  const left = state.departedAt !== undefined;
  switch (update.kind) {
    case 'smaller_vehicle': {
      if (left) return setAside('has_departed');
      if (at < state.vehicleSince) return setAside('older');
      const { capacity } = update;
      const { overCapacity } = await run.transactions.changeVehicle({ movementId: run.subject, capacity });
      return run.event('vehicleChanged', { seats: capacity.seats, capacity, overCapacity }, by);
    }
    case 'delayed':
      if (state.arrived) return setAside('has_arrived');
      if (at < state.timesSince) return setAside('older');
      return run.event(
        'delayed',
        { departsAt: left ? state.departsAt : update.departsAt, arrivesAt: update.arrivesAt },
        by,
      );
    case 'cancelled':
      if (left) return setAside('has_departed');
      if (!state.cancelled) await cancel(run, by);
      return;
    case 'departed':
      if (left) return;
      if (!state.boarding) return setAside('not_boarding');
      await depart(run, true, by);
      return;
    case 'arrived':
      if (state.arrivedStops.includes(update.stop)) return;
      if (!state.stops.includes(update.stop)) return setAside('unknown_stop');
      // What has arrived has departed, whichever update comes first.
      if (!left) {
        if (!state.boarding) return setAside('not_boarding');
        await depart(run, true, by);
      }
      await arrive(run, update.stop, by);
  }
}

async function handleBookingAnswer(run: MovementRun, update: PartnerAnswered): Promise<void> {
  const { booking } = run.state;
  const { answer, requestId, partnerId, at, eventKey } = update;
  if (answer.kind !== 'booking') return;
  if (booking.requestId !== requestId && booking.status === 'none' && run.carrierId !== undefined) {
    // The answer has overtaken the request: it is seen when the request is on record.
    run.buffer.add(update);
    return;
  }
  const open = booking.requestId === requestId && booking.status === 'requested';
  if (open && !isOver(run.state)) {
    await bookingAnswered(run, requestId, answer, {
      at: Math.min(at, run.now()),
      actor: { kind: 'partner', id: partnerId },
    });
  } else if (booking.requestId !== requestId || booking.status !== answer.outcome) {
    // Nobody waits for it any more, and it is not what is known already: a person looks at it.
    await run.trackInFlight(setAnswerAside({ requestId, partnerId, eventKey, at: Math.min(at, run.now()) }));
  }
}

type BookingAnswer = Extract<PartnerAnswered['answer'], { kind: 'booking' }>;

/** The carrier's confirmation is its clearance. */
export async function bookingAnswered(
  run: MovementRun,
  requestId: string,
  answer: BookingAnswer,
  by: By,
): Promise<void> {
  if (answer.outcome === 'refused') return run.event('carrierRefused', { requestId, reason: answer.reasonCode }, by);
  await run.transactions.writeClearance({ ...run.transaction(by), kind: 'carrier', status: 'given' });
  run.event('carrierBooked', { requestId, bookingRef: answer.bookingRef }, by);
}

/** Handles what came before the request was on record. */
export async function handleEarly(run: MovementRun): Promise<void> {
  for (const update of run.buffer.takeAll()) await handleBookingAnswer(run, update);
}
