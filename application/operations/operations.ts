import type { Phase, Scope } from '../../domain/operations/events.ts';
import type { OperationStatus } from '../../domain/operations/state.ts';
import type { PlanDocument, SitePurpose } from '../../domain/plan.ts';
import { changeRules, defaultRules, type OperationKind, type Rules, type RulesChange } from '../../domain/rules.ts';
import { beginning, type Instant, type OperationClock, type Pace } from '../../domain/time.ts';
import { TASK_QUEUE, workflowId } from '../../workflows/messages.ts';

export type Operation = {
  id: string;
  kind: OperationKind;
  drill: boolean;
  name: string;
  /** alpha-3 */
  country: string;
  status: OperationStatus;
  planId: string | null;
  governmentRequestRef: string | null;
  rulesVersion: number;
  registrationOpen: boolean;
  seq: number;
  startsAt: Instant;
  /** real time */
  createdAt: Instant;
};

export type OperationDetail = Operation & {
  /** principals by area */
  leads: Record<string, string>;
  phases: Record<string, Phase>;
  sites: Array<{ id: string; name: string; purpose: SitePurpose; capacity: number | null }>;
  /** those that are open, the oldest first */
  suspensions: Array<{ id: string; scopeKind: Scope['scopeKind']; scopeValue: string | null; from: Instant }>;
};

export type SectorPlan = { leadAgency: string | null; cluster: string | null; planned: number };

/** `reached`: people with at least one service of the sector. Both counts are of services, never entered by hand. */
export type Sector = SectorPlan & { number: number; code: string; name: string; reached: number; services: number };

/** Operations as the API reads and configures them; commands go through the workflow. */
export type Operations = {
  /** Newest first, one more than `limit`. @param among ids that the caller may see, or all */
  list(among: 'all' | readonly string[], limit: number, after?: string): Promise<Operation[]>;
  read(id: string): Promise<OperationDetail | undefined>;
  exists(id: string): Promise<boolean>;
  /** undefined for an unknown operation */
  country(id: string): Promise<string | undefined>;
  /** @throws Error for an unknown operation */
  clock(id: string): Promise<OperationClock>;
  /** What the operation's clock shows. @throws Error for an unknown operation */
  now(id: string, real: Instant): Promise<Instant>;
  /** The rules in force. @throws Error for an unknown operation */
  rules(id: string): Promise<Rules>;
  /** All sectors of the operation's set. */
  sectors(id: string): Promise<Sector[]>;
  writeSector(id: string, code: string, sector: SectorPlan): Promise<void>;
  addPartner(id: string, partnerId: string): Promise<void>;
};

export type NewOperation = Pick<PlanDocument, 'sites' | 'sectors' | 'partners'> & {
  /** the same id again changes nothing */
  id: string;
  kind: OperationKind;
  drill: boolean;
  name: string;
  country: string;
  startsAt: Instant;
  clock: OperationClock;
  rules: Rules;
  planId?: string;
  createdBy: string;
  /** id of its workflow, and the task queue */
  workflow: { id: string; taskQueue: string };
};

export type OperationRequest = Omit<NewOperation, 'startsAt' | 'clock' | 'rules' | 'workflow'> & {
  startsAt?: Instant | undefined;
  /** of the clock of a drill */
  segments?: readonly Pace[] | undefined;
  rules?: RulesChange;
};

export type CreatePorts = {
  unknownPartners(ids: readonly string[]): Promise<string[]>;
  /** One transaction: the operation, its clock, rules, sites, sectors and partners, and the start of its workflow. */
  create(operation: NewOperation): Promise<void>;
  /** Tries to start at once what `create` has committed; what does not start now is started later. */
  startNow(workflowIds: readonly string[]): Promise<void>;
  /** real time */
  clock(): Instant;
};

export const workflowOf = (operationId: string) => ({ id: workflowId.operation(operationId), taskQueue: TASK_QUEUE });

/** Opens an operation as a draft. */
export const createOperation =
  (ports: CreatePorts) =>
  async ({
    startsAt,
    segments,
    rules = {},
    ...operation
  }: OperationRequest): Promise<'created' | 'unknown_partner'> => {
    if ((await ports.unknownPartners(operation.partners)).length > 0) return 'unknown_partner';
    const workflow = workflowOf(operation.id);
    await ports.create({
      ...operation,
      ...beginning(ports.clock(), { segments, startsAt }),
      rules: changeRules(defaultRules(operation.kind), rules),
      workflow,
    });
    await ports.startNow([workflow.id]);
    return 'created';
  };

export type ChangeRulesPorts = Pick<Operations, 'now' | 'rules'> & {
  /** Puts the rules into force if those before them still are. */
  writeRules(operationId: string, rules: Rules, by: string, at: Instant): Promise<boolean>;
  /** real time */
  clock(): Instant;
};

/**
 * Writes the next version of the rules if `read` is the version in force. Running journeys keep the version that they
 * began with.
 */
export const changeOperationRules =
  (ports: ChangeRulesPorts) =>
  async (operationId: string, read: number, change: RulesChange, by: string): Promise<Rules | 'changed'> => {
    const [rules, at] = await Promise.all([ports.rules(operationId), ports.now(operationId, ports.clock())]);
    const next = { ...changeRules(rules, change), version: read + 1 };
    return rules.version === read && (await ports.writeRules(operationId, next, by, at)) ? next : 'changed';
  };
