import type { Client } from '@temporalio/client';
import type { Pool } from 'pg';
import { raiseAlarm } from '../../adapters/postgres/alarms.ts';
import { databaseOn } from '../../adapters/postgres/database.ts';
import { movementsOn } from '../../adapters/postgres/movements/reads.ts';
import { retentionOn } from '../../adapters/postgres/retention.ts';
import { keepSchedule } from '../../adapters/temporal/client.ts';
import { CHORES, type Chore, type ChoreName } from '../../application/background.ts';
import type { Log } from '../../application/log.ts';
import { checkLocalTimes } from '../../application/movements/checkLocalTimes.ts';
import { type RetentionTimes, removeAllOld } from '../../application/retention/removeOld.ts';
import type { Zones } from '../../domain/movements/localTimes.ts';
import type { ChoreInput } from '../../domain/workflowInputs.ts';

export type ChoreDeps = { pool: Pool; retention: RetentionTimes; zones: Zones; log: Log };

export function chores({ pool, retention, zones, log }: ChoreDeps): Record<ChoreName, Chore> {
  const db = databaseOn(pool);
  return {
    retention: removeAllOld(retentionOn(db), retention, log),
    async timeZones() {
      const { table } = zones;
      log.info({ table }, 'time-zone table in use');
      const movements = await checkLocalTimes({
        zones,
        ...movementsOn(db),
        raiseAlarm: (alarm, occasion) => raiseAlarm(db, alarm, occasion),
      });
      if (movements > 0) log.warn({ movements, table }, 'local times of announced departures have changed');
    },
  };
}

/** Every chore has its schedule, and runs now. */
export async function keepSchedules(client: Client, taskQueue: string): Promise<void> {
  for (const [chore, every] of Object.entries(CHORES)) {
    const input: ChoreInput = { version: 1, chore };
    await keepSchedule(client, { id: `chore:${chore}`, every, workflow: 'chore', input, taskQueue });
  }
}
