import type { AlarmKind } from '../../domain/messages/t.ts';
import type { Instant } from '../../domain/time.ts';

/** A fault that a person must settle. `detail` holds ids and codes, never data of a person. */
export type Alarm = { operationId?: string; subject: string; kind: AlarmKind; detail: Record<string, unknown> };

/** An alarm as people read it. Times are real time. */
export type RaisedAlarm = {
  id: string;
  /** null if it concerns the system as a whole */
  operationId: string | null;
  subject: string;
  kind: AlarmKind;
  detail: Record<string, unknown>;
  raisedAt: Instant;
  settledAt: Instant | null;
  settledBy: string | null;
  reasonCode: string | null;
};

export type Alarms = {
  /** Alarms of these operations, the oldest first; those of the whole system only with `all`. One more than `limit`. */
  list(
    operations: 'all' | readonly string[],
    filter: { settled: boolean },
    limit: number,
    after?: readonly [raisedAt: number, id: string],
  ): Promise<RaisedAlarm[]>;
  /** `*` if it concerns the whole system; undefined for an unknown alarm. */
  operationOf(id: string): Promise<string | undefined>;
  /** Settles once; a repeat returns who settled it. @returns undefined for an unknown alarm */
  settle(id: string, by: string, reasonCode: string): Promise<RaisedAlarm | undefined>;
  /** For metrics: open alarms by kind. */
  open(): Promise<Array<{ kind: string; count: number }>>;
};
