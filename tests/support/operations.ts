import type { Pool } from 'pg';
import { createOperations, type NewOperation } from '../../adapters/postgres/operations/operations.ts';
import { newId } from '../../application/ids.ts';
import { REAL_CLOCK } from '../../domain/clock.ts';
import { defaultRules } from '../../domain/rules.ts';
import { TASK_QUEUE, workflowId } from '../../workflows/messages.ts';

/** An operation in the database, as the API makes one; a draft unless its workflow runs. */
export async function makeOperation(pool: Pool, over: Partial<NewOperation> = {}): Promise<NewOperation> {
  const id = over.id ?? newId('operation');
  const made: NewOperation = {
    id,
    kind: 'evacuation',
    drill: false,
    name: 'Test',
    country: 'VUT',
    startsAt: Date.UTC(2017, 8, 28),
    clock: REAL_CLOCK,
    rules: defaultRules(over.kind ?? 'evacuation'),
    sites: [],
    sectors: [],
    partners: [],
    createdBy: 'coordinator',
    workflow: { id: workflowId.operation(id), taskQueue: TASK_QUEUE },
    ...over,
  };
  await createOperations(pool).create(made);
  return made;
}
