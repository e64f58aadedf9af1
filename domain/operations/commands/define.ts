import type { Role } from '../../actor.ts';
import { commandsOf, type Detail } from '../../commands.ts';
import type { Lapsed, OperationEvent, OperationEvents, Phase } from '../events.ts';
import { type OperationState, type OperationStatus, statusOf } from '../state.ts';

/** Transactions of an operation, each before the event that it belongs to. */
export type OperationSteps = {
  nameLeads: { input: OperationEvents['operationActivated']; result: Detail };
  openSuspension: { input: OperationEvents['operationSuspended'] & { at: number; reasonCode: string }; result: Detail };
  closeSuspension: { input: { suspensionId: string; at: number }; result: Lapsed };
  setPhase: { input: { area: string; phase: Phase }; result: Detail };
  stopRegistration: { input: Record<never, never>; result: Detail };
  /** refuses while anybody or anything has not come to an end */
  beginEnd: { input: Record<never, never>; result: Detail };
};

export const defineCommand = commandsOf<{ state: OperationState; event: OperationEvent; steps: OperationSteps }>();

export const LEADING: readonly Role[] = ['coordinator', 'operation_lead'];
export const OPEN: readonly OperationStatus[] = ['activated', 'running', 'suspended', 'winding_down'];

/** Why a command is refused outside of these statuses, or undefined in them. */
export function unlessIn(state: OperationState, statuses: readonly OperationStatus[]): string | undefined {
  const status = statusOf(state);
  return statuses.includes(status) ? undefined : `The operation is ${status.replace('_', ' ')}`;
}
