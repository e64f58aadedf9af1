import { beginning, type OperationClock, type Pace } from '../../domain/clock.ts';
import type { PlanDocument } from '../../domain/plan.ts';
import { changeRules, defaultRules, type OperationKind, type Rules, type RulesChange } from '../../domain/rules.ts';
import type { Instant } from '../../domain/time.ts';
import { TASK_QUEUE, workflowId } from '../../workflows/messages.ts';

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
