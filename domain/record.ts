import type { FactHeader } from './journey/facts.ts';
import type { Wait } from './journey/waits.ts';
import type { Instant } from './time.ts';

/**
 * What a workflow hands to `record`, the one door to the journal: the facts of one workflow task, with the
 * projection and the waits that hold after the last of them. Written in one transaction, or not at all.
 */
export type SubjectKind = 'journey' | 'movement' | 'operation' | 'household';

export type RecordedFact = FactHeader & { seq: number; type: string; chapter?: string; data: Record<string, unknown> };

export type RecordBatch = {
  subject: string;
  subjectKind: SubjectKind;
  operationId: string;
  /** ascending, without a gap */
  facts: RecordedFact[];
  /** columns of the subject's row after the last fact (adapters/postgres/record.ts knows their names); newest sequence wins */
  projection: Record<string, unknown>;
  /** all waits that are open after the last fact: others of the subject are closed, and their tasks with them */
  waits: Wait[];
  /** rungs reached, with the real moment they were due: how late they are is measured when they are written */
  rungs?: Array<{ key: string; rung: string; dueReal: Instant }>;
};

export type RecordResult = {
  /** movement where the subject held an active seat when a hold or a withdrawal was recorded: it must be told */
  seatedOn: string[];
};
