import { defineSignal, setHandler } from '@temporalio/workflow';
import { isOver } from '../../domain/movement/state.ts';
import { type CarrierNews, movementSignals, type OfficeNews, type UnitMustLeave } from '../messages.ts';
import { claims } from './activities.ts';
import type { MovementRun } from './run.ts';
import { arrive, type By, cancel, depart, releaseUnit } from './steps.ts';

/**
 * Registers what others may tell. Each piece of news has one effect however often it comes; what comes out of its order
 * is kept and looked at by a person, and never turns a movement back (domain.md 6, 15 and 16).
 */
export function hearNews(run: MovementRun): void {
  setHandler(defineSignal<[CarrierNews[]]>(movementSignals.carrierNews), async (batch) => {
    for (const news of batch) {
      if (run.memory.hears(news.eventKey)) await run.exclusively(() => hearCarrier(run, news));
    }
  });
  setHandler(defineSignal<[OfficeNews[]]>(movementSignals.officeAnswered), async (batch) => {
    for (const news of batch) {
      if (run.memory.hears(news.eventKey)) await run.exclusively(() => hearBooking(run, news));
    }
  });
  setHandler(defineSignal<[UnitMustLeave | UnitMustLeave[]]>(movementSignals.unitMustLeave), async (news) => {
    for (const { key, householdId } of [news].flat()) {
      if (run.memory.hears(key)) await run.exclusively(() => leave(run, householdId));
    }
  });
}

/** A household cannot travel. Once it has left with the vehicle there is nothing to release: its journeys say what follows. */
async function leave(run: MovementRun, householdId: string): Promise<void> {
  if (!isOver(run.state) && run.state.departedAt === undefined) await releaseUnit(run, householdId, {});
}

async function hearCarrier(
  run: MovementRun,
  { eventKey, partnerId, at, reasonCode, news }: CarrierNews,
): Promise<void> {
  const { state } = run;
  const by: By = {
    at: Math.min(at, run.now()),
    actor: { kind: 'partner', id: partnerId },
    ...(reasonCode ? { reasonCode } : {}),
  };
  const setAside = (why: string): void => run.fact('newsSetAside', { eventKey, kind: news.kind, why }, by);
  if (run.carrierId !== undefined && partnerId !== run.carrierId) return setAside('not_its_carrier');
  if (state.cancelled && news.kind !== 'cancelled') return setAside('cancelled');
  const left = state.departedAt !== undefined;
  switch (news.kind) {
    case 'smaller_vehicle': {
      if (left) return setAside('has_departed');
      if (at < state.vehicleSince) return setAside('older');
      const { capacity } = news;
      const { overCapacity } = await claims.changeVehicle({ movementId: run.subject, capacity });
      return run.fact('vehicleChanged', { seats: capacity.seats, capacity, overCapacity }, by);
    }
    case 'delayed':
      if (state.arrived) return setAside('has_arrived');
      if (at < state.timesSince) return setAside('older');
      return run.fact('delayed', { departsAt: left ? state.departsAt : news.departsAt, arrivesAt: news.arrivesAt }, by);
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
      if (state.arrivedStops.includes(news.stop)) return;
      if (!state.stops.includes(news.stop)) return setAside('unknown_stop');
      // What has arrived has departed, whichever news comes first.
      if (!left) {
        if (!state.boarding) return setAside('not_boarding');
        await depart(run, true, by);
      }
      await arrive(run, news.stop, by);
  }
}

async function hearBooking(run: MovementRun, news: OfficeNews): Promise<void> {
  const { booking } = run.state;
  const { answer, requestId, partnerId, at } = news;
  if (answer.kind !== 'booking' || isOver(run.state)) return;
  if (booking.requestId !== requestId) {
    // The answer has overtaken the question: it is heard when the question is on record.
    if (booking.status === 'none') run.early.push(news);
    return;
  }
  if (booking.status !== 'asked') return;
  const by: By = { at: Math.min(at, run.now()), actor: { kind: 'partner', id: partnerId } };
  if (answer.outcome === 'refused') return run.fact('carrierRefused', { requestId, reason: answer.reasonCode }, by);
  await booked(run, requestId, answer.bookingRef, by);
}

/** The carrier's confirmation is its clearance. */
export async function booked(run: MovementRun, requestId: string, bookingRef: string, by: By): Promise<void> {
  await claims.writeClearance({ ...run.claim(by), kind: 'carrier', status: 'given' });
  run.fact('carrierBooked', { requestId, bookingRef }, by);
}

/** Hears what came before the question was on record. */
export async function hearEarly(run: MovementRun): Promise<void> {
  for (const news of run.early.splice(0)) await hearBooking(run, news);
}
