import { OPERATION_COMMANDS } from '../../domain/operations/commands/index.ts';
import { type OperationStatus, statusOf } from '../../domain/operations/state.ts';
import { OPERATION_CARRIED, OPERATION_INPUT } from '../../domain/operations/stored.ts';
import { live, type Subject } from '../aggregate/live.ts';
import { until } from '../waiting.ts';
import { OperationRun, type OperationTypes, STEPS } from './run.ts';

const OPERATIONS: Subject<OperationTypes, OperationRun, Record<never, never>> = {
  commands: OPERATION_COMMANDS,
  steps: STEPS,
  signals: {},
  serial: true,
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
