import {
  OPERATION_COMMANDS,
  type OperationCommand,
  type OperationCommands,
  refusalOf,
  unfinishedSentence,
} from '../../domain/operations/commands.ts';
import { type CommandModule, type CommandModules, ReservationRefused } from '../aggregate/commands.ts';
import type { OperationRun } from './run.ts';

export type OperationArgs = OperationCommands;

type Effects = { [C in OperationCommand]: CommandModule<OperationRun, OperationArgs[C]>['effect'] };

/** What each command does: its transaction first, then its event. One that finds something in the way refuses. */
const EFFECTS: Effects = {
  activate: async (run, { governmentRequestRef, leads }, by) => {
    await run.transactions.nameLeads({ operationId: run.operationId, governmentRequestRef, leads });
    run.event('operationActivated', { governmentRequestRef, leads }, by);
    run.event('operationStarted', {}, by);
  },
  suspend: async (run, args, by) => {
    // the event bears the moment of its transaction: on a drill's clock even a short call takes hours
    const { operationId } = run;
    const at = run.now();
    await run.transactions.openSuspension({ operationId, ...args, at, reasonCode: by.reasonCode ?? '' });
    run.event('operationSuspended', args, { ...by, at });
  },
  resume: async (run, { suspensionId }, by) => {
    const { operationId } = run;
    const { consentMaxAge } = run.rules;
    const at = run.now();
    const lapsed = await run.transactions.closeSuspension({ operationId, suspensionId, at, consentMaxAge });
    run.event('operationResumed', { suspensionId, lapsed }, { ...by, at });
  },
  setPhase: async (run, args, by) => {
    await run.transactions.setPhase({ operationId: run.operationId, ...args });
    run.event('phaseSet', args, by);
  },
  windDown: async (run, _args, by) => {
    await run.transactions.stopRegistration({ operationId: run.operationId });
    run.event('windDownBegun', {}, by);
  },
  closeOperation: async (run, _args, by) => {
    await beginEnd(run);
    run.event('operationClosed', {}, by);
  },
  cancelOperation: async (run, _args, by) => {
    await beginEnd(run);
    run.event('operationCancelled', {}, by);
  },
  dismissCancelRequest: (run, _args, by) => {
    run.event('cancelRequestDismissed', {}, by);
    // Temporal notices a later request in a new run only.
    run.continueAsNewSoon();
  },
};

/** Each command with its rule (domain/operations/commands.ts) and what it does. */
export const COMMANDS: CommandModules<OperationRun, OperationArgs> = Object.fromEntries(
  (Object.keys(OPERATION_COMMANDS) as OperationCommand[]).map((name) => [name, moduleOf(name)]),
) as CommandModules<OperationRun, OperationArgs>;

function moduleOf<C extends OperationCommand>(name: C): CommandModule<OperationRun, OperationArgs[C]> {
  return {
    effect: EFFECTS[name],
    refusal: (run, { actor, reasonCode, args }) => {
      const rule = OPERATION_COMMANDS[name];
      if (!rule.roles.includes(actor.role)) return `This is not for a ${actor.role} to decide`;
      if (rule.reason && !reasonCode) return 'A reason must be given';
      return refusalOf(run.state, name, args);
    },
  };
}

/** @throws ReservationRefused while anybody or anything has not come to an end */
async function beginEnd(run: OperationRun): Promise<void> {
  const left = unfinishedSentence(await run.transactions.beginEnd({ operationId: run.operationId }));
  if (left !== undefined) throw new ReservationRefused(left);
}
