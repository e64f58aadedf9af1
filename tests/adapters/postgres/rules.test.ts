import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseOn } from '../../../adapters/postgres/database.ts';
import { readFrame } from '../../../adapters/postgres/households/register.ts';
import { operationsOn } from '../../../adapters/postgres/operations/operations.ts';
import { changeOperationRules } from '../../../application/operations/operations.ts';
import { defaultRules, STANDARD_DEADLINES } from '../../../domain/rules.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { makeOperation } from '../../support/operations.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database?.drop());

/** The rules of an operation as the API and a registration read them. */
async function read(operationId: string) {
  const db = databaseOn(database.pool);
  const frame = await readFrame(db, operationId);
  return [await operationsOn(db).rules(operationId), frame?.rules];
}

describe('the rules of an operation', () => {
  it('that was made before a deadline existed get its standard', async () => {
    const { id } = await makeOperation(database.pool);
    await database.pool.query(
      `update operation_rules set document = document #- '{rules,deadlines,reception}' where operation_id = $1`,
      [id],
    );
    for (const rules of await read(id)) expect(rules?.deadlines).toEqual(STANDARD_DEADLINES);
  });

  it('are read anew under the next version', async () => {
    const { id } = await makeOperation(database.pool);
    const changed = { ...defaultRules('evacuation'), evidenceRounds: 5 };
    const operations = operationsOn(databaseOn(database.pool));
    const change = changeOperationRules({ ...operations, clock: Date.now });
    expect(await change(id, 1, { evidenceRounds: 5 }, 'anna')).toMatchObject({ version: 2 });
    expect(await change(id, 1, { evidenceRounds: 6 }, 'ben')).toBe('changed');
    expect(await operations.writeRules(id, { ...changed, version: 2 }, 'ben', 0)).toBe(false);
    for (const rules of await read(id)) expect(rules).toEqual({ ...changed, version: 2 });
  });

  it('of a form that this build does not read are refused by form and version', async () => {
    const { id } = await makeOperation(database.pool);
    await database.pool.query(
      `update operation_rules set document = jsonb_set(document, '{version}', '99') where operation_id = $1`,
      [id],
    );
    const message = 'Rules of an operation has version 99; this build reads up to 1';
    const db = databaseOn(database.pool);
    await expect(operationsOn(db).rules(id)).rejects.toThrow(message);
    await expect(readFrame(db, id)).rejects.toThrow(message);
  });
});
