import { ROLES } from '../../domain/actor.ts';
import { allowedCommands } from '../../domain/operations/commands.ts';
import { type OperationStatus, statusOf } from '../../domain/operations/state.ts';
import { OPERATION_CARRIED, OPERATION_INPUT } from '../../domain/operations/stored.ts';
import { live, type Subject } from '../aggregate/live.ts';
import { until } from '../waiting.ts';
import { COMMANDS, type OperationArgs } from './commands.ts';
import { OperationRun, type OperationTypes } from './run.ts';

const OPERATIONS: Subject<OperationTypes, OperationRun, OperationArgs, Record<never, never>> = {
  commands: COMMANDS,
  signals: {},
  serial: true,
  allowed: (run) => allowedCommands(run.state, ROLES),
  background: [],
  begin: (run) => run.event('operationOpened', {}),
  work: (run) => until(run, () => run.over()),
};

/** A crisis response, a return programme, or a drill: its status, its suspensions and phases. Its people are counted in SQL. */
export async function operation(given: unknown): Promise<OperationStatus> {
  const input = OPERATION_INPUT.read(given);
  const run = await live(
    OPERATIONS,
    () => new OperationRun(input),
    input,
    (left) => ({ version: OPERATION_CARRIED.version, ...left.carried() }),
  );
  return statusOf(run.state);
}
