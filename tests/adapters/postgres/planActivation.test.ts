import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseOn } from '../../../adapters/postgres/database.ts';
import { operationsOn } from '../../../adapters/postgres/operations/operations.ts';
import { planActivationsOn } from '../../../adapters/postgres/operations/plans.ts';
import { newId } from '../../../application/ids.ts';
import { activatePlan, type PlanActivation } from '../../../application/operations/plans.ts';
import { type PlanDocument, storedPlan } from '../../../domain/plan.ts';
import { MCOF_2012 } from '../../../domain/services.ts';
import { type OperationInput, workflowId } from '../../../workflows/messages.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase();
});
afterAll(async () => {
  await database?.drop();
});

async function partner(kind: string): Promise<string> {
  const id = newId('partner');
  await database.pool.query('insert into partners (id, kind, name, created_by) values ($1, $2, $1, $3)', [
    id,
    kind,
    'anna',
  ]);
  return id;
}

async function plan(over: Partial<PlanDocument> = {}, status = 'ready') {
  const [carrier, registry] = [await partner('carrier'), await partner('registry')];
  const document: PlanDocument = {
    kind: 'evacuation',
    country: 'VUT',
    triggers: [{ code: 'alert_4', sentence: 'Volcanic alert level 4' }],
    routes: [{ code: 'sea', needs: { nationality: false, document: false, exitPermit: false }, forHouseholdsOf: null }],
    sites: [
      { name: 'Walaha', purpose: 'registration', capacity: 300 },
      { name: 'Luganville', purpose: 'reception' },
    ],
    carriers: [carrier],
    partners: [registry],
    contacts: [],
    agreements: [
      {
        partnerId: registry,
        purposes: ['registry'],
        fields: ['reference'],
        eventTypes: ['journey.arrived'],
        reference: 'MoU 3',
      },
    ],
    sectors: [{ code: 'transport', leadAgency: 'IOM', cluster: 'logistics', planned: 11_000 }],
    ...over,
  };
  const id = newId('plan');
  await database.pool.query(
    `insert into preparedness_plans (id, name, scenario, status, document, created_by) values ($1, 'Ambae', 'eruption', $2, $3, 'anna')`,
    [id, status, storedPlan(document)],
  );
  return { id, document, carrier, registry };
}

const activation = (planId: string, drill = false) => ({
  planId,
  operationId: newId('operation'),
  name: 'Ambae 2017',
  drill,
  startsAt: Date.UTC(2017, 8, 28),
  activatedBy: 'anna',
});

const started: string[] = [];
const activate = (asked: PlanActivation) =>
  activatePlan({
    ...planActivationsOn(databaseOn(database.pool)),
    startNow: async (ids) => void started.push(...ids),
    clock: Date.now,
  })(asked);

const all = async <T>(sql: string, ...values: unknown[]): Promise<T[]> =>
  (await database.pool.query(sql, values)).rows as T[];

describe('a plan that is activated', () => {
  it('is an operation with its routes, sites, sectors, partners and agreements, still a draft', async () => {
    const made = await plan();
    const asked = activation(made.id);
    expect(await activate(asked)).toEqual({ outcome: 'activated', operationId: asked.operationId });
    const [operation] = await all<object>(
      'select kind, country, status, drill, plan_id from operations where id = $1',
      asked.operationId,
    );
    expect(operation).toEqual({ kind: 'evacuation', country: 'VUT', status: 'draft', drill: false, plan_id: made.id });
    const { legs } = await operationsOn(databaseOn(database.pool)).rules(asked.operationId);
    expect(legs).toEqual(made.document.routes);
    expect(
      await all('select name, purpose, capacity from sites where operation_id = $1 order by name', asked.operationId),
    ).toEqual([
      { name: 'Luganville', purpose: 'reception', capacity: null },
      { name: 'Walaha', purpose: 'registration', capacity: 300 },
    ]);
    expect(
      await all(
        'select sector_code, lead_agency, planned from operation_sectors where operation_id = $1',
        asked.operationId,
      ),
    ).toEqual([{ sector_code: 'transport', lead_agency: 'IOM', planned: 11_000 }]);
    const partners = await all<{ partner_id: string }>(
      'select partner_id from operation_partners where operation_id = $1',
      asked.operationId,
    );
    expect(partners.map(({ partner_id }) => partner_id).sort()).toEqual([made.carrier, made.registry].sort());
    expect(
      await all(
        'select partner_id, purposes, reference, valid_from from agreements where operation_id = $1',
        asked.operationId,
      ),
    ).toEqual([
      { partner_id: made.registry, purposes: ['registry'], reference: 'MoU 3', valid_from: new Date(asked.startsAt) },
    ]);
    const [start] = await all<{ input: OperationInput }>(
      'select input from pending_starts where workflow_id = $1',
      workflowId.operation(asked.operationId),
    );
    expect(started).toEqual([workflowId.operation(asked.operationId)]);
    expect(start?.input).toMatchObject({ operationId: asked.operationId, version: 1 });
  });

  it('becomes one operation: the same request again is the same, another is refused', async () => {
    const { id } = await plan();
    const asked = activation(id);
    await Promise.all([activate(asked), activate(asked)]);
    expect(await activate(asked)).toEqual({ outcome: 'activated', operationId: asked.operationId });
    expect(await activate(activation(id))).toEqual({ outcome: 'activated_before' });
    expect(await all('select id from operations where plan_id = $1', id)).toHaveLength(1);
  });

  it('can be rehearsed as often as one likes, before and after', async () => {
    const { id } = await plan();
    for (let rehearsal = 0; rehearsal < 2; rehearsal++) {
      expect((await activate(activation(id, true))).outcome).toBe('activated');
    }
    expect(await all('select status from preparedness_plans where id = $1', id)).toEqual([{ status: 'ready' }]);
    expect((await activate(activation(id))).outcome).toBe('activated');
    expect((await activate(activation(id, true))).outcome).toBe('activated');
  });

  it('says what it lacks, also what has gone since it was written', async () => {
    const { id } = await plan({ carriers: [], partners: ['par_gone'], sectors: [{ code: 'nothing' }], triggers: [] });
    expect(await activate(activation(id))).toEqual({
      outcome: 'incomplete',
      missing: [
        'a trigger',
        'a carrier',
        'the partner par_gone, who is not active',
        'the sector nothing, which is not in mcof-2012',
      ],
    });
    expect(await activate(activation('plan_unknown'))).toEqual({ outcome: 'unknown' });
    expect(await activate(activation((await plan({}, 'retired')).id))).toEqual({
      outcome: 'retired',
    });
  });
});

describe('the sectors', () => {
  it('are the 15 of MCOF as of 2012, as the code knows them', async () => {
    const rows = await all(`select number, code, name from sectors where set_code = 'mcof-2012' order by number`);
    expect(rows).toEqual([...MCOF_2012]);
  });
});
