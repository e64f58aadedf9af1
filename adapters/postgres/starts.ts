import { sql } from 'kysely';
import { type ClaimedStart, MOST_ATTEMPTS, type OpenStarts, type StartPorts } from '../../application/starts/start.ts';
import { raiseAlarm } from './alarms.ts';
import { anyOf, type Db } from './database.ts';

/** Locks end with the transaction; rows that another process has locked are left out. */
const openStartsOn = (tx: Db): OpenStarts => {
  const open = tx
    .selectFrom('pendingStarts')
    .select(['workflowId', 'workflow', 'taskQueue', 'input', 'again', 'attempts'])
    .where('startedAt', 'is', null)
    .forUpdate()
    .skipLocked();
  return {
    claim: (limit) => open.where('attempts', '<', MOST_ATTEMPTS).orderBy('createdAt').limit(limit).execute(),
    claimThese: (workflowIds) => open.where('workflowId', '=', anyOf(workflowIds)).orderBy('workflowId').execute(),
    async settle(started, refused) {
      await tx
        .updateTable('pendingStarts')
        .set({
          startedAt: sql<Date>`case when workflow_id = ${anyOf(started)} then now() end`,
          attempts: sql<number>`attempts + 1`,
        })
        .where((eb) => eb.or([eb('workflowId', '=', anyOf(started)), eb('workflowId', '=', anyOf(refused))]))
        .execute();
    },
    raiseAlarm: (alarm, occasion) => raiseAlarm(tx, alarm, occasion),
  };
};

export function startsOn(db: Db) {
  const one = (workflowId: string) => db.selectFrom('pendingStarts').where('workflowId', '=', workflowId);
  return {
    transaction: (<T>(work: (open: OpenStarts) => Promise<T>) =>
      db.transaction().execute((tx) => work(openStartsOn(tx)))) satisfies StartPorts['transaction'],

    /** How a workflow was, or is to be, started first. */
    read: (workflowId: string): Promise<ClaimedStart | undefined> =>
      one(workflowId).select(['workflowId', 'workflow', 'taskQueue', 'input', 'again', 'attempts']).executeTakeFirst(),

    /** Whether a workflow is still to be started. */
    isPending: async (workflowId: string): Promise<boolean> =>
      (await one(workflowId).select('attempts').where('startedAt', 'is', null).executeTakeFirst()) !== undefined,

    /**
     * Whether a workflow is about to run: its start is pending, or happened only now, so that an earlier look-up may have
     * missed it.
     */
    isOnItsWay: async (workflowId: string): Promise<boolean> =>
      (await one(workflowId)
        .select('attempts')
        .where(sql<boolean>`(started_at is null or started_at > now() - interval '2 seconds')`)
        .executeTakeFirst()) !== undefined,
  };
}
