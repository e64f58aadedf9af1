import type { EventHeader } from '../../domain/journeys/events.ts';
import type { OpenRequest } from '../../domain/journeys/state.ts';
import type { SignalModules } from '../aggregate/handlers.ts';
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

function handlePartnerAnswer(run: JourneyRun, update: PartnerAnswered): void {
  const { state } = run;
  if (run.over()) return;
  const by: Partial<EventHeader> = { at: run.moment(update.at), actor: { kind: 'partner', id: update.partnerId } };
  const { answer, requestId } = update;
  const asked = (request: OpenRequest | undefined): boolean => request?.requestId === requestId;
  switch (answer.kind) {
    case 'acknowledged':
      if (asked(state.nationality.request)) {
        if (!state.nationality.request?.acknowledged) run.event('verificationAcknowledged', { requestId }, by);
        return;
      }
      if ([state.document.request, state.fitness.request, state.exitPermit.request].some(asked)) return;
      break;
    case 'more_info':
      if (asked(state.nationality.request)) {
        run.event('evidenceRequested', { requestId, requestedEvidence: answer.requestedEvidence }, by);
        return;
      }
      break;
    case 'nationality':
      if (answer.outcome === 'retracted') {
        if (state.nationality.status === 'confirmed' && state.nationality.partnerId === update.partnerId) {
          run.event('nationalityRetracted', { requestId }, by);
          return;
        }
      } else if (asked(state.nationality.request)) {
        if (answer.outcome === 'confirmed')
          run.event('nationalityConfirmed', { requestId, partnerId: update.partnerId }, by);
        else run.event('nationalityNotConfirmed', { requestId, outcome: answer.outcome }, by);
        return;
      }
      break;
    case 'document':
      if (asked(state.document.request)) {
        if (answer.outcome === 'refused') run.event('documentRefused', { requestId }, by);
        else
          run.event('documentIssued', { requestId, documentId: answer.documentId, validUntil: answer.validUntil }, by);
        return;
      }
      break;
    case 'fitness':
      if (asked(state.fitness.request)) {
        const { result, conditions, until, reviewAt } = answer;
        run.event(
          'fitnessFound',
          {
            requestId,
            result,
            conditions,
            ...(until === undefined ? {} : { until }),
            ...(reviewAt === undefined ? {} : { reviewAt }),
          },
          by,
        );
        return;
      }
      break;
    case 'exit_permit':
      if (asked(state.exitPermit.request)) {
        if (answer.outcome === 'refused')
          run.event('exitPermitRefused', { requestId }, { ...by, reasonCode: answer.reasonCode });
        else if (answer.outcome === 'not_required') run.event('exitPermitNotRequired', { requestId }, by);
        else run.event('exitPermitGranted', { requestId, fineWaived: answer.fineWaived }, by);
        return;
      }
      break;
    case 'booking':
      return;
  }
  if (run.requesting) run.buffer.add(update);
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
