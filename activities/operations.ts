import { beginEnd, type EndPorts, type OperationSteps } from '../application/operations/conduct.ts';

/** Transactions of an operation. They run as local activities. */
export function operationActivities({ transaction, ...steps }: OperationSteps & EndPorts) {
  return { ...steps, beginEnd: beginEnd({ transaction }) };
}

export type OperationActivities = ReturnType<typeof operationActivities>;
