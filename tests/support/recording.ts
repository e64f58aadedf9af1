import type { Pool } from 'pg';
import { recordActivities } from '../../activities/subjects.ts';
import { databaseOn } from '../../adapters/postgres/database.ts';
import { eventLogOn } from '../../adapters/postgres/eventLog.ts';
import { recordEvents as record } from '../../application/eventLog/record.ts';
import type { RecordBatch, RecordResult } from '../../domain/record.ts';

/** Records a batch as the activity of the worker does. */
export function recordEvents(
  pool: Pool,
  batch: RecordBatch,
  notifyOutbox: () => void = () => undefined,
): Promise<RecordResult> {
  const { record: activity } = recordActivities({
    record: record({ ...eventLogOn(databaseOn(pool)), notifyOutbox }),
    suspensionOverlap: async () => ({ overlap: 0, open: false }),
  });
  return activity(batch);
}
