import { commandSet } from '../../commands.ts';
import type { JourneyState } from '../state.ts';
import { planReintegration, receive, recordFollowUp } from './arrival.ts';
import { giveConsent, reconfirmConsent, refuseConsent, withdrawConsent } from './consent.ts';
import { recordDocument, recordExitPermit, requestDocumentAgain, requestExitPermitAgain } from './documents.ts';
import {
  confirmEnding,
  dismissCancelRequest,
  endJourney,
  handOver,
  recordContactAttempt,
  recordDeath,
  rejectEnding,
} from './ending.ts';
import { raiseHealthConcern, recordFitness } from './health.ts';
import { raiseHold, releaseHold, reviewHolds } from './holds.ts';
import { confirmHousehold, judgeAge, splitOff } from './household.ts';
import { completeScreening, confirmIdentity, decideRisk } from './identity.ts';
import { provideEvidence, recordNationality, requestOtherState, requestVerificationAgain } from './nationality.ts';
import { decideRoute } from './route.ts';

/** Every command of a journey. A journey that has ended refuses them all. */
export const JOURNEY_COMMANDS = commandSet(
  ({ ending }: JourneyState) => ending && `The journey has ended (${ending})`,
  [
    confirmIdentity,
    completeScreening,
    decideRisk,
    giveConsent,
    refuseConsent,
    reconfirmConsent,
    withdrawConsent,
    raiseHold,
    releaseHold,
    reviewHolds,
    provideEvidence,
    recordNationality,
    requestVerificationAgain,
    requestOtherState,
    recordDocument,
    requestDocumentAgain,
    recordExitPermit,
    raiseHealthConcern,
    recordFitness,
    requestExitPermitAgain,
    decideRoute,
    splitOff,
    confirmHousehold,
    judgeAge,
    receive,
    planReintegration,
    recordFollowUp,
    dismissCancelRequest,
    recordContactAttempt,
    recordDeath,
    endJourney,
    handOver,
    confirmEnding,
    rejectEnding,
  ],
);

export type JourneyCommand = (typeof JOURNEY_COMMANDS)['names'][number];
