import { gapsInPlan, PLAN_GAPS, type PlanDocument, type PlanStatus } from '../../domain/plan.ts';
import { defaultRules } from '../../domain/rules.ts';
import { MCOF_2012, SECTOR_SET } from '../../domain/services.ts';
import { beginning, type Instant, type Pace } from '../../domain/time.ts';
import { derivedId } from '../ids.ts';
import { type CreatePorts, type NewOperation, workflowOf } from './operations.ts';

export type PlanText = { name: string; scenario: string; document: PlanDocument; status: 'draft' | 'ready' };

export type Plan = Omit<PlanText, 'status'> & {
  id: string;
  status: PlanStatus;
  version: number;
  createdBy: string;
  /** real time */
  createdAt: Date;
};

/** Preparedness plans, with a version that detects concurrent edits. */
export type Plans = {
  /** Idempotent by id. */
  create(plan: PlanText & { id: string; createdBy: string }): Promise<void>;
  /** Newest first, one more than `limit`. */
  list(limit: number, after?: string): Promise<Plan[]>;
  read(id: string): Promise<Plan | undefined>;
  /** The new version, or `changed` if the version is not `expected` or the plan has become an operation. */
  write(id: string, expected: number, plan: PlanText): Promise<number | 'changed'>;
};

export type PlanActivation = {
  planId: string;
  /** id of the new operation; the same id again changes nothing */
  operationId: string;
  /** default: the name of the plan */
  name?: string | undefined;
  /** a drill: the plan stays as it is and can be activated again */
  drill: boolean;
  startsAt?: Instant | undefined;
  segments?: readonly Pace[] | undefined;
  activatedBy: string;
};

/** `missing` says what the plan lacks, in words; `activated_before`: it has already become another operation. */
export type PlanActivated =
  | { outcome: 'activated'; operationId: string }
  | { outcome: 'unknown' | 'activated_before' | 'retired' }
  | { outcome: 'incomplete'; missing: string[] };

export type NewAgreement = PlanDocument['agreements'][number] & { id: string; operationId: string; validFrom: Instant };

type ActivationTransaction = Pick<CreatePorts, 'create'> & {
  /** The plan, locked. `isActivation`: this operation has been made of it. */
  lock(
    planId: string,
    operationId: string,
  ): Promise<{ name: string; status: PlanStatus; document: PlanDocument; isActivation: boolean } | undefined>;
  inactivePartners(ids: readonly string[]): Promise<string[]>;
  agree(agreements: readonly NewAgreement[]): Promise<void>;
  markActivated(planId: string): Promise<void>;
};

export type ActivatePlanPorts = Pick<CreatePorts, 'startNow' | 'clock'> & {
  transaction<T>(work: (inside: ActivationTransaction) => Promise<T>): Promise<T>;
};

/**
 * Opens an operation from a plan: routes become the legs of the rules, with its sites, sectors, partners and agreements.
 * The operation is a draft: its activation still requires the government's request and the named leads.
 */
export const activatePlan =
  (ports: ActivatePlanPorts) =>
  async (activation: PlanActivation): Promise<PlanActivated> => {
    const activated = await ports.transaction((inside) => activate(inside, activation, ports.clock()));
    if (activated.outcome === 'activated') await ports.startNow([workflowOf(activation.operationId).id]);
    return activated;
  };

async function activate(
  inside: ActivationTransaction,
  activation: PlanActivation,
  real: Instant,
): Promise<PlanActivated> {
  const { planId, operationId, drill } = activation;
  const plan = await inside.lock(planId, operationId);
  if (plan === undefined) return { outcome: 'unknown' };
  if (plan.isActivation) return { outcome: 'activated', operationId };
  if (plan.status === 'retired') return { outcome: 'retired' };
  if (plan.status === 'activated' && !drill) return { outcome: 'activated_before' };
  const { document } = plan;
  const partners = partnersOf(document);
  const missing = [
    ...gapsInPlan(document).map((gap) => PLAN_GAPS[gap]),
    ...(await inside.inactivePartners(partners)).map((id) => `the partner ${id}, who is not active`),
    ...unknownSectors(document).map((code) => `the sector ${code}, which is not in ${SECTOR_SET}`),
  ];
  if (missing.length > 0) return { outcome: 'incomplete', missing };
  const operation: NewOperation = {
    id: operationId,
    kind: document.kind,
    drill,
    name: activation.name ?? plan.name,
    country: document.country,
    ...beginning(real, activation),
    rules: defaultRules(document.kind, document.routes),
    planId,
    sites: document.sites,
    sectors: document.sectors,
    partners,
    createdBy: activation.activatedBy,
    workflow: workflowOf(operationId),
  };
  await inside.create(operation);
  // Valid from the first moment, so that sharing has a basis at once.
  const validFrom = operation.startsAt;
  await inside.agree(
    document.agreements.map((agreement, index) => ({
      ...agreement,
      id: derivedId('agreement', operationId, index),
      operationId,
      validFrom,
    })),
  );
  if (!drill) await inside.markActivated(planId);
  return { outcome: 'activated', operationId };
}

function partnersOf(plan: PlanDocument): string[] {
  return [...new Set([...plan.carriers, ...plan.partners, ...plan.agreements.map(({ partnerId }) => partnerId)])];
}

/** A plan may be older than the set of sectors. */
function unknownSectors(plan: PlanDocument): string[] {
  const known = new Set<string>(MCOF_2012.map(({ code }) => code));
  return plan.sectors.map(({ code }) => code).filter((code) => !known.has(code));
}
