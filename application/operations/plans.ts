import type { PlanDocument, PlanStatus } from '../../domain/plan.ts';

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
