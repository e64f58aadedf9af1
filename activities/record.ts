import { ApplicationFailure } from '@temporalio/activity';
import { EventLogConflict } from '../application/eventLog/record.ts';
import type { RecordActivities } from './ports.ts';

/** Local activities: short, idempotent, in the system's own database. */
export function recordActivities({ record, ...others }: RecordActivities): RecordActivities {
  return {
    ...others,
    async record(batch) {
      try {
        return await record(batch);
      } catch (error) {
        // The workflow of this subject stands until a person has looked.
        if (error instanceof EventLogConflict) throw ApplicationFailure.nonRetryable(error.message, error.name);
        throw error;
      }
    },
  };
}
