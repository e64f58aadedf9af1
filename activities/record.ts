import type { RecordBatch, RecordResult } from '../domain/record.ts';
import type { RecordActivities, Standstill } from './ports.ts';

/** What recording needs of a database. */
export type RecordPort = {
  recordFacts(batch: RecordBatch): Promise<RecordResult>;
  standstill(input: Parameters<RecordActivities['standstill']>[0]): Promise<Standstill>;
};

/** Local activities: short, idempotent, in our own database. */
export function recordActivities(port: RecordPort): RecordActivities {
  return {
    record: (batch) => port.recordFacts(batch),
    standstill: (input) => port.standstill(input),
  };
}
