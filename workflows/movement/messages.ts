import type { EventHeader } from '../../domain/journeys/events.ts';
import { isOver } from '../../domain/movements/state.ts';
import type { SignalModules } from '../aggregate/live.ts';
import type { CarrierMessage, HouseholdMustLeave, movementSignals, PartnerAnswered } from '../messages.ts';
import { setAnswerAside } from '../requestActivities.ts';
import type { MovementRun } from './run.ts';
import { arrive, cancel, depart, releaseHousehold } from './steps.ts';

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
