import type { Pool } from 'pg';
import { type Db, databaseOn } from '../../adapters/postgres/database.ts';
import { eventLogOn } from '../../adapters/postgres/eventLog.ts';
import { startsOn } from '../../adapters/postgres/starts.ts';
import { temporalIsAway, type WorkflowGateway } from '../../adapters/temporal/workflowGateway.ts';
import type { Log } from '../../application/background.ts';
import { type StartAgainPorts, starts } from '../../application/starts/start.ts';

export type Starting = { gateway: Pick<WorkflowGateway, 'start'>; log: Log };

export const startsIn = (db: Db, { gateway, log }: Starting) =>
  starts({ transaction: startsOn(db).transaction, start: gateway.start, isAway: temporalIsAway, log });

/** Tries at once to start workflows whose rows are committed. */
export const startNow = ({ pool, ...starting }: Starting & { pool: Pool }) =>
  startsIn(databaseOn(pool), starting).startNow;

export function startAgainPorts(pool: Pool, gateway: Pick<WorkflowGateway, 'startAgain'>): StartAgainPorts {
  const db = databaseOn(pool);
  return {
    readStart: startsOn(db).read,
    readEvents: async (subjectKind, subject) =>
      (await eventLogOn(db).eventsAfter({ subjectKind, subject, after: 0 })) ?? [],
    startAgain: gateway.startAgain,
  };
}
