import { defineSignal, setHandler } from '@temporalio/workflow';
import type { FactHeader } from '../../domain/journey/facts.ts';
import type { OpenRequest } from '../../domain/journey/state.ts';
import { type HouseholdNews, journeySignals, type OfficeNews, type TravelNews } from '../messages.ts';
import type { JourneyRun } from './run.ts';

/** Registers what others may tell. Signals never throw: what does not fit is left to the inbox's own record. */
export function hearNews(run: JourneyRun): void {
  // An answer that came before we knew that we had asked is kept, and heard when the question is on record.
  run.hearEarly = () => {
    for (const news of run.early.splice(0)) hearOffice(run, news);
  };
  setHandler(defineSignal<[OfficeNews[]]>(journeySignals.officeAnswered), (batch) => {
    for (const news of batch) if (run.memory.hears(news.eventKey)) hearOffice(run, news);
  });
  setHandler(defineSignal<[TravelNews[]]>(journeySignals.travelNews), (batch) => {
    for (const news of batch) if (run.memory.hears(news.key)) hearMovement(run, news);
  });
  setHandler(defineSignal<[HouseholdNews[]]>(journeySignals.householdChanged), (batch) => {
    for (const news of batch) {
      if (!run.memory.hears(news.key) || run.over() || run.state.travel.underway || run.state.arrivedAt !== undefined)
        continue;
      run.fact('householdChanged', { journeyId: news.journeyId }, { at: run.moment(news.at) });
    }
  });
}

function hearOffice(run: JourneyRun, news: OfficeNews): void {
  const { state } = run;
  if (run.over()) return;
  const by: Partial<FactHeader> = { at: run.moment(news.at), actor: { kind: 'partner', id: news.partnerId } };
  const { answer, requestId } = news;
  const asked = (request: OpenRequest | undefined): boolean => request?.requestId === requestId;
  switch (answer.kind) {
    case 'acknowledged':
      if (asked(state.nationality.request)) {
        if (!state.nationality.request?.acknowledged) run.fact('verificationAcknowledged', { requestId }, by);
        return;
      }
      if ([state.document.request, state.fitness.request, state.exitPermit.request].some(asked)) return;
      break;
    case 'more_info':
      if (asked(state.nationality.request)) {
        run.fact('evidenceRequested', { requestId, asksFor: answer.asksFor }, by);
        return;
      }
      break;
    case 'nationality':
      if (answer.outcome === 'retracted') {
        if (state.nationality.status === 'confirmed' && state.nationality.partnerId === news.partnerId) {
          run.fact('nationalityRetracted', { requestId }, by);
          return;
        }
      } else if (asked(state.nationality.request)) {
        if (answer.outcome === 'confirmed')
          run.fact('nationalityConfirmed', { requestId, partnerId: news.partnerId }, by);
        else run.fact('nationalityNotConfirmed', { requestId, outcome: answer.outcome }, by);
        return;
      }
      break;
    case 'document':
      if (asked(state.document.request)) {
        if (answer.outcome === 'refused') run.fact('documentRefused', { requestId }, by);
        else
          run.fact('documentIssued', { requestId, documentId: answer.documentId, validUntil: answer.validUntil }, by);
        return;
      }
      break;
    case 'fitness':
      if (asked(state.fitness.request)) {
        const { result, conditions, until, reviewAt } = answer;
        run.fact(
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
          run.fact('exitPermitRefused', { requestId }, { ...by, reasonCode: answer.reasonCode });
        else if (answer.outcome === 'not_required') run.fact('exitPermitNotRequired', { requestId }, by);
        else run.fact('exitPermitGranted', { requestId, fineWaived: answer.fineWaived }, by);
        return;
      }
      break;
    case 'booking':
      return;
  }
  if (run.asking) run.early.push(news);
}

/** Which statuses a piece of news may follow. What comes late never turns a person back (domain.md 6, 16). */
function hearMovement(run: JourneyRun, { news, at, actor, reasonCode }: TravelNews): void {
  if (run.over()) return;
  const by: Partial<FactHeader> = { at: run.moment(at), actor, ...(reasonCode ? { reasonCode } : {}) };
  const { travel } = run.state;
  const { movementId } = news;
  if (news.kind === 'seatAssigned') {
    if (travel.status === 'none') run.fact('seatAssigned', { movementId, stage: news.stage, kind: news.seat }, by);
    return;
  }
  if (travel.movementId !== movementId) return;
  const onGround = travel.status === 'seated' || travel.status === 'checked_in' || travel.status === 'boarded';
  switch (news.kind) {
    case 'checkedIn':
      if (travel.status === 'seated') run.fact('checkedIn', { movementId }, by);
      return;
    case 'boarded':
      if (travel.status === 'seated' || travel.status === 'checked_in') run.fact('boarded', { movementId }, by);
      return;
    case 'departed':
      if (onGround) run.fact('departed', { movementId }, by);
      return;
    case 'arrived': {
      if (onGround) run.fact('departed', { movementId }, by);
      const lastOfRoute = run.state.routeDecided && run.state.route.at(-1) === news.stage;
      run.fact('arrived', { movementId, stage: news.stage, lastOfRoute }, by);
      if (run.state.travel.withdrawn) run.fact('journeyEnded', { ending: 'withdrawn' }, by);
      return;
    }
    case 'seatReleased':
    case 'noShow':
    case 'deniedBoarding':
    case 'offloaded':
      if (onGround) run.fact(news.kind, { movementId }, by);
  }
}
