import type { Pool } from 'pg';
import { derivedId } from '../../../application/ids.ts';
import type { OperationClock } from '../../../domain/clock.ts';
import { missingInPlan, type PlanDocument, STORED_PLAN } from '../../../domain/plan.ts';
import { defaultRules } from '../../../domain/rules.ts';
import { type Instant, iso } from '../../../domain/time.ts';
import { type Queryable, transaction } from '../database.ts';
import { insertOperation, type NewOperation } from './operations.ts';

export type PlanActivation = {
  planId: string;
  /** id of the new operation; the same id again changes nothing */
  operationId: string;
  name: string;
  /** a drill: the plan stays as it is and can be activated again */
  drill: boolean;
  startsAt: Instant;
  clock: OperationClock;
  activatedBy: string;
  workflow: NewOperation['workflow'];
};

/** `missing` says what the plan lacks; `activated_before`: it has already become another operation. */
export type PlanActivated =
  | { outcome: 'activated'; operationId: string }
  | { outcome: 'unknown' | 'activated_before' | 'retired' }
  | { outcome: 'incomplete'; missing: string[] };

/**
 * Opens an operation from a plan in one transaction: routes become the legs of the rules, with its sites, sectors,
 * partners and agreements. The operation is a draft: its activation still requires the government's request and the
 * named leads.
 */
export function activatePlan(pool: Pool, activation: PlanActivation): Promise<PlanActivated> {
  const { planId, operationId } = activation;
  return transaction(pool, async (client) => {
    const { rows } = await client.query<{ status: string; document: unknown; made: boolean }>(
      `select status, document, exists (select from operations where id = $2 and plan_id = $1) as made
         from preparedness_plans where id = $1 for update`,
      [planId, operationId],
    );
    const plan = rows[0];
    if (plan === undefined) return { outcome: 'unknown' };
    if (plan.made) return { outcome: 'activated', operationId };
    if (plan.status === 'retired') return { outcome: 'retired' };
    if (plan.status === 'activated' && !activation.drill) return { outcome: 'activated_before' };
    const document = STORED_PLAN.read(plan.document);
    const missing = [...missingInPlan(document), ...(await unknownParts(client, document))];
    if (missing.length > 0) return { outcome: 'incomplete', missing };
    await insertOperation(client, operationOf(activation, document));
    await insertAgreements(client, activation, document);
    if (!activation.drill)
      await client.query(`update preparedness_plans set status = 'activated' where id = $1`, [planId]);
    return { outcome: 'activated', operationId };
  });
}

function partnersOf(plan: PlanDocument): string[] {
  return [...new Set([...plan.carriers, ...plan.partners, ...plan.agreements.map(({ partnerId }) => partnerId)])];
}

function operationOf(activation: PlanActivation, plan: PlanDocument): NewOperation {
  return {
    id: activation.operationId,
    kind: plan.kind,
    drill: activation.drill,
    name: activation.name,
    country: plan.country,
    startsAt: activation.startsAt,
    clock: activation.clock,
    rules: defaultRules(plan.kind, plan.routes),
    planId: activation.planId,
    sites: plan.sites,
    sectors: plan.sectors,
    partners: partnersOf(plan),
    createdBy: activation.activatedBy,
    workflow: activation.workflow,
  };
}

/** A plan may be old: missing partners and sectors are reported, not skipped. */
async function unknownParts(client: Queryable, plan: PlanDocument): Promise<string[]> {
  const partners = await client.query<{ id: string }>(
    `select id from unnest($1::text[]) as named (id)
      where not exists (select from partners p where p.id = named.id and p.status = 'active')`,
    [partnersOf(plan)],
  );
  const sectors = await client.query<{ code: string }>(
    `select code from unnest($1::text[]) as named (code)
      where not exists (select from sectors s where s.set_code = 'mcof-2012' and s.code = named.code)`,
    [plan.sectors.map(({ code }) => code)],
  );
  return [
    ...partners.rows.map(({ id }) => `the partner ${id}, who is not active`),
    ...sectors.rows.map(({ code }) => `the sector ${code}, which is not in mcof-2012`),
  ];
}

/** The agreements of the plan are valid from the first moment, so that sharing has a basis at once. */
async function insertAgreements(client: Queryable, activation: PlanActivation, plan: PlanDocument): Promise<void> {
  for (const [index, agreement] of plan.agreements.entries()) {
    await client.query(
      `insert into agreements (id, partner_id, operation_id, purposes, fields, event_types, reference, valid_from)
       values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [
        derivedId('agreement', activation.operationId, index),
        agreement.partnerId,
        activation.operationId,
        agreement.purposes,
        agreement.fields,
        agreement.eventTypes,
        agreement.reference,
        iso(activation.startsAt),
      ],
    );
  }
}
