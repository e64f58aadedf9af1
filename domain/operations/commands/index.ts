import { commandSet } from '../../commands.ts';
import { ended, type OperationState } from '../state.ts';
import { activate, cancelOperation, closeOperation, dismissCancelRequest, windDown } from './lifecycle.ts';
import { resume, setPhase, suspend } from './suspensions.ts';

/** Every command of an operation. One that is closed or cancelled refuses them all. */
export const OPERATION_COMMANDS = commandSet(
  (state: OperationState) => (ended(state) ? `The operation is ${state.line}` : undefined),
  [activate, suspend, resume, setPhase, windDown, closeOperation, cancelOperation, dismissCancelRequest],
);

export type OperationCommand = (typeof OPERATION_COMMANDS)['names'][number];
