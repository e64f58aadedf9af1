import type { ActivatePlanPorts, Plan, Plans } from '../../../application/operations/plans.ts';
import { STORED_PLAN, STORED_PLAN_STATUS, storedPlan } from '../../../domain/plan.ts';
import { anyOf, type Db } from '../database.ts';
import type { PrismaClient } from '../prisma.ts';
import { insertOperation, insertRows } from './operations.ts';

export function plansOn(prisma: PrismaClient): Plans {
  return {
    async create(plan) {
      await prisma.preparednessPlan.createMany({
        data: [{ ...plan, document: storedPlan(plan.document) }],
        skipDuplicates: true,
      });
    },

    async list(limit, after) {
      const rows = await prisma.preparednessPlan.findMany({
        where: after === undefined ? {} : { id: { lt: after } },
        orderBy: { id: 'desc' },
        take: limit + 1,
      });
      return rows.map(planOf);
    },

    async read(id) {
      const row = await prisma.preparednessPlan.findUnique({ where: { id } });
      return row === null ? undefined : planOf(row);
    },

    async write(id, expected, plan) {
      const { count } = await prisma.preparednessPlan.updateMany({
        where: { id, version: expected, status: { in: ['draft', 'ready'] } },
        data: { ...plan, document: storedPlan(plan.document), version: { increment: 1 } },
      });
      return count === 1 ? expected + 1 : 'changed';
    },
  };
}

function planOf(row: Omit<Plan, 'document' | 'status'> & { document: unknown; status: string }): Plan {
  return { ...row, document: STORED_PLAN.read(row.document), status: STORED_PLAN_STATUS.read(row.status) };
}

/** The transaction that makes an operation of a plan. */
export function planActivationsOn(db: Db): Pick<ActivatePlanPorts, 'transaction'> {
  return {
    transaction: (work) =>
      db.transaction().execute((tx) =>
        work({
          async lock(planId, operationId) {
            const plan = await tx
              .selectFrom('preparednessPlans')
              .select(['name', 'status', 'document'])
              .where('id', '=', planId)
              .forUpdate()
              .executeTakeFirst();
            if (plan === undefined) return undefined;
            const made = await tx
              .selectFrom('operations')
              .select('id')
              .where('id', '=', operationId)
              .where('planId', '=', planId)
              .executeTakeFirst();
            return { ...plan, document: STORED_PLAN.read(plan.document), isActivation: made !== undefined };
          },
          async inactivePartners(ids) {
            const active = await tx
              .selectFrom('partners')
              .select('id')
              .where('id', '=', anyOf(ids))
              .where('status', '=', 'active')
              .execute();
            const known = new Set(active.map(({ id }) => id));
            return ids.filter((id) => !known.has(id));
          },
          create: (operation) => insertOperation(tx, operation),
          agree: (agreements) =>
            insertRows(
              tx,
              'agreements',
              agreements.map((agreement) => ({ ...agreement, validFrom: new Date(agreement.validFrom) })),
            ),
          async markActivated(id) {
            await tx.updateTable('preparednessPlans').set({ status: 'activated' }).where('id', '=', id).execute();
          },
        }),
      ),
  };
}
