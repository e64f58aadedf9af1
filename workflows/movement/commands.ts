import { ApplicationFailure, defineUpdate, setHandler } from '@temporalio/workflow';
import { ROLES } from '../../domain/actor.ts';
import {
  allowedMovementCommands,
  MOVEMENT_COMMANDS,
  type MovementCommand,
  type MovementCommands,
  refusalOf,
} from '../../domain/movements/commands.ts';
import { COMMAND_REFUSED, type Command, type MovementAnswer, type Refusal } from '../messages.ts';
import { transactions } from './activities.ts';
import type { MovementRun } from './run.ts';
import {
  allocate,
  arrive,
  type By,
  cancel,
  depart,
  lock,
  reconcile,
  releaseHousehold,
  scan,
  TransactionRefused,
} from './steps.ts';

type Detail = Record<string, number>;
type Effect<C extends MovementCommand> = (
  run: MovementRun,
  args: MovementCommands[C],
  by: By,
  command: Command<MovementCommands[C]>,
) => Promise<Detail> | Detail;

/** What each command does. Whether it is allowed has been asked before; a transaction may still say no. */
const EFFECTS: { [C in MovementCommand]: Effect<C> } = {
  giveClearance: async (run, { kind }, by) => {
    await transactions.writeClearance({ ...run.transaction(by), kind, status: 'given' });
    run.event('clearanceGiven', { kind }, by);
    return {};
  },
  loseClearance: async (run, { kind }, by) => {
    await transactions.writeClearance({ ...run.transaction(by), kind, status: 'lost' });
    run.event('clearanceLost', { kind }, by);
    return {};
  },
  allocateSeats: (run, _args, by) => allocate(run, by),
  lockManifest: (run, _args, by) => lock(run, by),
  reopenManifest: (run, _args, by, { actor }) => {
    const { version, reopeningRequestedBy } = run.state.manifest;
    if (reopeningRequestedBy) run.event('manifestReopened', { version }, by);
    else run.event('manifestReopeningRequested', { by: actor.id, role: actor.role }, by);
    return { reopened: reopeningRequestedBy ? 1 : 0 };
  },
  openBoarding: (run, _args, by) => {
    run.event('boardingOpened', {}, by);
    return {};
  },
  applyScans: (run, { scans }, by) => scan(run, scans, by),
  recordDeparture: (run, _args, by) => depart(run, false, by),
  recordArrival: (run, { stop }, by) => arrive(run, stop, by),
  reconcile: (run, _args, by) => reconcile(run, by),
  releaseHousehold: (run, { householdId }, by) => releaseHousehold(run, householdId, by),
  cancelMovement: (run, _args, by) => cancel(run, by),
};

/** Registers every command as an update. Validators are synchronous and read state only: a refusal costs no history. */
export function takeCommands(run: MovementRun): void {
  for (const name of Object.keys(MOVEMENT_COMMANDS) as MovementCommand[]) take(run, name);
}

type AnyCommand = Command<MovementCommands[MovementCommand]>;

function take(run: MovementRun, name: MovementCommand): void {
  setHandler(
    defineUpdate<MovementAnswer, [AnyCommand]>(name),
    (command: AnyCommand): Promise<MovementAnswer> => run.exclusively(() => carryOut(run, name, command)),
    { validator: (command) => refuseUnlessAllowed(run, name, command) },
  );
}

async function carryOut<C extends MovementCommand>(
  run: MovementRun,
  name: C,
  command: Command<MovementCommands[C]>,
): Promise<MovementAnswer> {
  const before = run.memory.answerTo(command.commandId);
  if (before) return before;
  // What came before in the line may have changed what is allowed.
  refuseUnlessAllowed(run, name, command);
  const { commandId, actor, reasonCode, noteId } = command;
  const by: By = { commandId, actor, ...(reasonCode ? { reasonCode } : {}), ...(noteId ? { noteId } : {}) };
  try {
    const detail = await EFFECTS[name](run, command.args, by, command);
    const answer = run.answer(detail);
    run.memory.remember(commandId, answer);
    return answer;
  } catch (refused) {
    if (refused instanceof TransactionRefused) throw refusal(run, refused.message);
    throw refused;
  }
}

function refuseUnlessAllowed<C extends MovementCommand>(
  run: MovementRun,
  name: C,
  command: Command<MovementCommands[C]>,
): void {
  if (run.memory.answerTo(command.commandId)) return;
  const reason = refusalOf(run.state, name, command.args, command.actor, command.reasonCode);
  if (reason !== undefined) throw refusal(run, reason);
}

function refusal(run: MovementRun, reason: string): ApplicationFailure {
  const details: Refusal = { reason, allowed: allowedMovementCommands(run.state, ROLES) };
  return ApplicationFailure.nonRetryable(reason, COMMAND_REFUSED, details);
}
