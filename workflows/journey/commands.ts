import {
  JOURNEY_COMMANDS,
  type JourneyCommand,
  type JourneyCommands,
  refusalOf,
} from '../../domain/journeys/commands.ts';
import type { By, CommandModule, CommandModules } from '../aggregate/commands.ts';
import { withdraw } from './close.ts';
import { followUpDay } from './reintegrate.ts';
import type { JourneyRun } from './run.ts';

export type JourneyArgs = JourneyCommands;

/** What each command makes true. Whether it is allowed has been asked before; from here on nothing is refused. */
const EFFECTS: { [C in JourneyCommand]: (run: JourneyRun, args: JourneyCommands[C], by: By) => void } = {
  confirmIdentity: (run, _args, by) => run.event('identityConfirmed', { by: 'staff' }, by),
  completeScreening: (run, args, by) => run.event('screened', { risk: args.risk }, by),
  giveConsent: (run, args, by) =>
    run.event('consentGiven', { version: run.state.consent.version + 1, form: args.form, sharing: args.sharing }, by),
  refuseConsent: (run, _args, by) => {
    run.event('consentRefused', { version: run.state.consent.version + 1 }, by);
    run.event('journeyEnded', { ending: 'declined' }, by);
  },
  reconfirmConsent: (run, _args, by) => run.event('consentReconfirmed', { version: run.state.consent.version + 1 }, by),
  withdrawConsent: (run, _args, by) => withdraw(run, by),
  raiseHold: (run, args, by) => run.event('holdRaised', { holdId: args.holdId }, by),
  releaseHold: (run, args, by) => run.event('holdReleased', { holdId: args.holdId }, by),
  provideEvidence: (run, args, by) =>
    run.event('evidenceProvided', { requestId: run.state.nationality.request?.requestId ?? '', kinds: args.kinds }, by),
  requestVerificationAgain: (run, _args, by) => run.event('nationalityDecided', { decision: 'request_again' }, by),
  requestOtherState: (run, args, by) =>
    run.event('nationalityDecided', { decision: 'request_other_state', partnerId: args.partnerId }, by),
  recordDocument: (run, args, by) =>
    run.event('documentHeld', { documentId: args.documentId, validUntil: args.validUntil }, by),
  requestDocumentAgain: (run, _args, by) => run.event('documentDecided', {}, by),
  recordFitness: (run, args, by) =>
    run.event(
      'fitnessFound',
      {
        result: args.result,
        conditions: args.conditions,
        ...(args.until === undefined ? {} : { until: args.until }),
        ...(args.reviewAt === undefined ? {} : { reviewAt: args.reviewAt }),
      },
      by,
    ),
  requestExitPermitAgain: (run, _args, by) => run.event('exitPermitDecided', {}, by),
  decideRoute: (run, args, by) => run.event('routeDecided', { route: args.route }, by),
  splitOff: (run, args, by) => run.event('splitOff', { householdId: args.householdId }, by),
  confirmHousehold: (run, _args, by) => run.event('householdConfirmed', {}, by),
  receive: (run, args, by) => run.event('received', args.siteId === undefined ? {} : { siteId: args.siteId }, by),
  planReintegration: (run, args, by) => run.event('reintegrationPlanned', { dimensions: args.dimensions }, by),
  recordFollowUp: (run, args, by) => run.event('followUpDone', { month: args.month, reached: args.reached }, by),
  endJourney: (run, args, by) => run.event('journeyEnded', { ending: args.ending }, by),
  dismissCancelRequest: (run, _args, by) => {
    run.event('cancelRequestDismissed', {}, by);
    // Temporal notices a later request in a new run only.
    run.continueAsNewSoon();
  },
};

/** Each command with its rule (domain/journeys/commands.ts) and what it makes true. */
export const COMMANDS: CommandModules<JourneyRun, JourneyArgs> = Object.fromEntries(
  (Object.keys(JOURNEY_COMMANDS) as JourneyCommand[]).map((name) => [name, moduleOf(name)]),
) as CommandModules<JourneyRun, JourneyArgs>;

function moduleOf<C extends JourneyCommand>(name: C): CommandModule<JourneyRun, JourneyArgs[C]> {
  return {
    effect: EFFECTS[name],
    refusal: (run, { actor, reasonCode, args }) => {
      const rule = JOURNEY_COMMANDS[name];
      if (!rule.roles.includes(actor.role)) return `This is not for a ${actor.role} to decide`;
      if (rule.reason && !reasonCode) return 'A reason must be given';
      return refusalOf(run.state, name, args, run.now(), (month) => followUpDay(run, month));
    },
  };
}
