import type { Pool } from 'pg';
import { databaseOn } from '../../adapters/postgres/database.ts';
import { operationsOn } from '../../adapters/postgres/operations/operations.ts';
import { newId } from '../../application/ids.ts';
import { type NewOperation, workflowOf } from '../../application/operations/operations.ts';
import { defaultRules } from '../../domain/rules.ts';
import { REAL_CLOCK } from '../../domain/time.ts';

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
    workflow: workflowOf(id),
    ...over,
  };
  await operationsOn(databaseOn(pool)).create(made);
  return made;
}
