import {
  MOVEMENT_COMMANDS,
  type MovementCommand,
  type MovementCommands,
  refusalOf,
} from '../../domain/movements/commands.ts';
import type { CommandModule, CommandModules } from '../aggregate/commands.ts';
import type { MovementRun } from './run.ts';
import { allocate, arrive, cancel, depart, lock, reconcile, releaseHousehold, scan } from './steps.ts';

export type MovementArgs = MovementCommands;

type Effects = { [C in MovementCommand]: CommandModule<MovementRun, MovementArgs[C]>['effect'] };

/** What each command does. Whether it is allowed has been asked before; a transaction may still say no. */
const EFFECTS: Effects = {
  giveClearance: async (run, { kind }, by) => {
    await run.transactions.writeClearance({ ...run.transaction(by), kind, status: 'given' });
    run.event('clearanceGiven', { kind }, by);
  },
  loseClearance: async (run, { kind }, by) => {
    await run.transactions.writeClearance({ ...run.transaction(by), kind, status: 'lost' });
    run.event('clearanceLost', { kind }, by);
  },
  allocateSeats: (run, _args, by) => allocate(run, by),
  lockManifest: (run, _args, by) => lock(run, by),
  reopenManifest: (run, _args, by, { actor }) => {
    const { version, reopeningRequestedBy } = run.state.manifest;
    if (reopeningRequestedBy) run.event('manifestReopened', { version }, by);
    else run.event('manifestReopeningRequested', { by: actor.id, role: actor.role }, by);
    return { reopened: reopeningRequestedBy ? 1 : 0 };
  },
  openBoarding: (run, _args, by) => run.event('boardingOpened', {}, by),
  applyScans: (run, { scans }, by) => scan(run, scans, by),
  recordDeparture: (run, _args, by) => depart(run, false, by),
  recordArrival: (run, { stop }, by) => arrive(run, stop, by),
  reconcile: (run, _args, by) => reconcile(run, by),
  releaseHousehold: (run, { householdId }, by) => releaseHousehold(run, householdId, by),
  cancelMovement: (run, _args, by) => cancel(run, by),
  dismissCancelRequest: (run, _args, by) => {
    run.event('cancelRequestDismissed', {}, by);
    // Temporal notices a later request in a new run only.
    run.continueAsNewSoon();
  },
};

/** Each command with its rule (domain/movements/commands.ts) and what it does. */
export const COMMANDS: CommandModules<MovementRun, MovementArgs> = Object.fromEntries(
  (Object.keys(MOVEMENT_COMMANDS) as MovementCommand[]).map((name) => [name, moduleOf(name)]),
) as CommandModules<MovementRun, MovementArgs>;

function moduleOf<C extends MovementCommand>(name: C): CommandModule<MovementRun, MovementArgs[C]> {
  return {
    effect: EFFECTS[name],
    refusal: (run, { actor, reasonCode, args }) => refusalOf(run.state, name, args, actor, reasonCode),
  };
}
