import { ApplicationFailure, defineUpdate, setHandler } from '@temporalio/workflow';
import { ROLES } from '../../domain/actor.ts';
import {
  allowedCommands,
  JOURNEY_COMMANDS,
  type JourneyCommand,
  type JourneyCommands,
  refusalOf,
} from '../../domain/journeys/commands.ts';
import { COMMAND_REFUSED, type Command, type JourneyAnswer, type Refusal } from '../messages.ts';
import { withdraw } from './close.ts';
import { followUpDay } from './reintegrate.ts';
import type { JourneyRun } from './run.ts';

type Header = Pick<Command<unknown>, 'commandId' | 'actor' | 'reasonCode' | 'noteId'>;

/** What each command makes true. Whether it is allowed has been asked before; from here on nothing is refused. */
const EFFECTS: { [C in JourneyCommand]: (run: JourneyRun, args: JourneyCommands[C], by: Header) => void } = {
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
};

/** Registers every command as an update. Validators are synchronous and read state only: a refusal costs no history. */
export function takeCommands(run: JourneyRun): void {
  for (const name of Object.keys(JOURNEY_COMMANDS) as JourneyCommand[]) take(run, name);
}

function take<C extends JourneyCommand>(run: JourneyRun, name: C): void {
  setHandler(
    defineUpdate<JourneyAnswer, [Command<JourneyCommands[C]>]>(name),
    async (command: Command<JourneyCommands[C]>): Promise<JourneyAnswer> => {
      const before = run.memory.answerTo(command.commandId);
      if (before) return before;
      const { commandId, actor, reasonCode, noteId } = command;
      const by: Header = { commandId, actor, ...(reasonCode ? { reasonCode } : {}), ...(noteId ? { noteId } : {}) };
      EFFECTS[name](run, command.args, by);
      const answer = run.answer();
      run.memory.remember(commandId, answer);
      await run.recorder.recorded();
      return answer;
    },
    { validator: (command) => refuseUnlessAllowed(run, name, command) },
  );
}

function refuseUnlessAllowed<C extends JourneyCommand>(
  run: JourneyRun,
  name: C,
  command: Command<JourneyCommands[C]>,
): void {
  if (run.memory.answerTo(command.commandId)) return;
  const rule = JOURNEY_COMMANDS[name];
  const reason =
    (rule.roles.includes(command.actor.role) ? undefined : `This is not for a ${command.actor.role} to decide`) ??
    (rule.reason && !command.reasonCode ? 'A reason must be given' : undefined) ??
    refusalOf(run.state, name, command.args, run.now(), (month) => followUpDay(run, month));
  if (reason === undefined) return;
  const refusal: Refusal = { reason, allowed: allowedCommands(run.state, ROLES, run.now()) };
  throw ApplicationFailure.nonRetryable(reason, COMMAND_REFUSED, refusal);
}
