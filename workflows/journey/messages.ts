import type { EventHeader } from '../../domain/journeys/events.ts';
import { JOURNEY_REQUESTS } from '../../domain/requests/index.ts';
import type { SignalModules } from '../aggregate/live.ts';
import type { HouseholdMessage, journeySignals, MovementUpdate, PartnerAnswered } from '../messages.ts';
import type { JourneyRun } from './run.ts';

export type JourneyMessages = Record<typeof journeySignals.partnerAnswered, PartnerAnswered> &
  Record<typeof journeySignals.movementUpdated, MovementUpdate> &
  Record<typeof journeySignals.householdChanged, HouseholdMessage>;

/** What others may say to a journey. */
export const SIGNALS: SignalModules<JourneyRun, JourneyMessages> = {
  partnerAnswered: { key: ({ eventKey }) => eventKey, handle: handlePartnerAnswer },
  movementUpdated: { key: ({ key }) => key, handle: handleMovementUpdate },
  householdChanged: {
    key: ({ key }) => key,
    handle: (run, update) => {
      if (run.over() || run.state.travel.underway || run.state.arrivedAt !== undefined) return;
      run.event('householdChanged', { journeyId: update.journeyId }, { at: run.moment(update.at) });
    },
  },
};

/** An answer that came before we knew that we had asked was kept, and is handled when the request is on record. */
export function handleEarly(run: JourneyRun): void {
  for (const update of run.buffer.takeAll()) handlePartnerAnswer(run, update);
}

/** Each kind of request says which events an answer makes. One that fits none is late, and a person looks at it. */
function handlePartnerAnswer(run: JourneyRun, update: PartnerAnswered): void {
  const { answer, requestId, partnerId } = update;
  const by: Partial<EventHeader> = { at: run.moment(update.at), actor: { kind: 'partner', id: partnerId } };
  if (!run.over()) {
    for (const { journey } of JOURNEY_REQUESTS) {
      const events = journey.answered(answer, run.state, { requestId, partnerId });
      if (events === undefined) continue;
      for (const { type, data, reasonCode } of events)
        run.event(type, data, { ...by, ...(reasonCode && { reasonCode }) });
      return;
    }
    if (run.requesting) return run.buffer.add(update);
  }
  if (answer.kind !== 'acknowledged') run.setAside(update);
}

/** Which statuses an update may follow. A late message never moves a person back. */
function handleMovementUpdate(run: JourneyRun, { update, at, actor, reasonCode }: MovementUpdate): void {
  if (run.over()) return;
  const by: Partial<EventHeader> = { at: run.moment(at), actor, ...(reasonCode ? { reasonCode } : {}) };
  const { travel } = run.state;
  const { movementId } = update;
  if (update.kind === 'seatAssigned') {
    if (travel.status === 'none') run.event('seatAssigned', { movementId, leg: update.leg, kind: update.seat }, by);
    return;
  }
  if (travel.movementId !== movementId) return;
  const onGround = travel.status === 'seated' || travel.status === 'checked_in' || travel.status === 'boarded';
  switch (update.kind) {
    case 'checkedIn':
      if (travel.status === 'seated') run.event('checkedIn', { movementId }, by);
      return;
    case 'boarded':
      if (travel.status === 'seated' || travel.status === 'checked_in') run.event('boarded', { movementId }, by);
      return;
    case 'departed':
      if (onGround) run.event('departed', { movementId }, by);
      return;
    case 'arrived': {
      if (onGround) run.event('departed', { movementId }, by);
      const lastOfRoute = run.state.routeDecided && run.state.route.at(-1) === update.leg;
      run.event('arrived', { movementId, leg: update.leg, lastOfRoute }, by);
      if (run.state.travel.withdrawn) run.event('journeyEnded', { ending: 'withdrawn' }, by);
      return;
    }
    case 'seatReleased':
    case 'noShow':
    case 'deniedBoarding':
    case 'offloaded':
      if (onGround) run.event(update.kind, { movementId }, by);
  }
}
