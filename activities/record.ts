import type { RecordBatch, RecordResult } from '../domain/record.ts';
import type { RecordActivities, SuspensionOverlap } from './ports.ts';

/** The database port of recording. */
export type RecordPort = {
  recordEvents(batch: RecordBatch): Promise<RecordResult>;
  suspensionOverlap(input: Parameters<RecordActivities['suspensionOverlap']>[0]): Promise<SuspensionOverlap>;
};

/** Local activities: short, idempotent, in the system's own database. */
export function recordActivities(port: RecordPort): RecordActivities {
  return {
    record: (batch) => port.recordEvents(batch),
    suspensionOverlap: (input) => port.suspensionOverlap(input),
  };
}
