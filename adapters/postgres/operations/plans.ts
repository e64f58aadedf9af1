import { type PlanDocument, STORED_PLAN, storedPlan } from '../../../domain/plan.ts';
import type { PrismaClient } from '../prisma.ts';

export type Plan = {
  id: string;
  name: string;
  scenario: string;
  status: string;
  version: number;
  document: PlanDocument;
  createdBy: string;
  createdAt: Date;
};

type PlanText = { name: string; scenario: string; document: PlanDocument; status: 'draft' | 'ready' };

/** Preparedness plans, with a version that detects concurrent edits. */
export function createPlans(prisma: PrismaClient) {
  return {
    /** Idempotent by id. */
    async create(plan: PlanText & { id: string; createdBy: string }): Promise<void> {
      await prisma.preparednessPlan.createMany({
        data: [{ ...plan, document: storedPlan(plan.document) }],
        skipDuplicates: true,
      });
    },

    /** Newest first. */
    async list(limit: number, after?: string): Promise<Plan[]> {
      const rows = await prisma.preparednessPlan.findMany({
        where: after === undefined ? {} : { id: { lt: after } },
        orderBy: { id: 'desc' },
        take: limit + 1,
      });
      return rows.map(planOf);
    },

    async read(id: string): Promise<Plan | undefined> {
      const row = await prisma.preparednessPlan.findUnique({ where: { id } });
      return row === null ? undefined : planOf(row);
    },

    /** The new version, or `changed` if the version is not `expected` or the plan has become an operation. */
    async write(id: string, expected: number, plan: PlanText): Promise<number | 'changed'> {
      const { count } = await prisma.preparednessPlan.updateMany({
        where: { id, version: expected, status: { in: ['draft', 'ready'] } },
        data: { ...plan, document: storedPlan(plan.document), version: { increment: 1 } },
      });
      return count === 1 ? expected + 1 : 'changed';
    },
  };
}

export type Plans = ReturnType<typeof createPlans>;

function planOf(row: Omit<Plan, 'document'> & { document: unknown }): Plan {
  return { ...row, document: STORED_PLAN.read(row.document) };
}
