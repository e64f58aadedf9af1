import { commandSet } from '../../commands.ts';
import type { JourneyState } from '../state.ts';
import { planReintegration, receive, recordFollowUp } from './arrival.ts';
import { giveConsent, reconfirmConsent, refuseConsent, withdrawConsent } from './consent.ts';
import { recordDocument, requestDocumentAgain, requestExitPermitAgain } from './documents.ts';
import { dismissCancelRequest, endJourney } from './ending.ts';
import { raiseHealthConcern, recordFitness } from './health.ts';
import { raiseHold, releaseHold } from './holds.ts';
import { confirmHousehold, splitOff } from './household.ts';
import { completeScreening, confirmIdentity } from './identity.ts';
import { provideEvidence, requestOtherState, requestVerificationAgain } from './nationality.ts';
import { decideRoute } from './route.ts';

/** Every command of a journey. A journey that has ended refuses them all. */
export const JOURNEY_COMMANDS = commandSet(
  ({ ending }: JourneyState) => ending && `The journey has ended (${ending})`,
  [
    confirmIdentity,
    completeScreening,
    giveConsent,
    refuseConsent,
    reconfirmConsent,
    withdrawConsent,
    raiseHold,
    releaseHold,
    provideEvidence,
    requestVerificationAgain,
    requestOtherState,
    recordDocument,
    requestDocumentAgain,
    raiseHealthConcern,
    recordFitness,
    requestExitPermitAgain,
    decideRoute,
    splitOff,
    confirmHousehold,
    receive,
    planReintegration,
    recordFollowUp,
    dismissCancelRequest,
    endJourney,
  ],
);

export type JourneyCommand = (typeof JOURNEY_COMMANDS)['names'][number];
