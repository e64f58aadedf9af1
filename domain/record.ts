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
  /** sequence number of the last fact that the workflow knows to stand; its own begin after it */
  after: number;
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
  /** everything that stands after `after`, in the journal's order; only where that is not the batch as it was handed over */
  stands?: RecordedFact[];
  /** movement where the subject held an active seat when a hold or a withdrawal was recorded: it must be told */
  seatedOn: string[];
};

/**
 * A workflow task may be lost after its facts were recorded (its worker is killed, or the server refuses its end because
 * news came meanwhile). It is run again with that news first, or without the command that it held: then the journal has
 * facts in another order, or some that the workflow does not know. What stands, stands; what is new is put after it.
 * @returns the journal from there on; undefined where the subject's very first fact is another one: two subjects under one id
 */
export function merged(stands: readonly RecordedFact[], own: readonly RecordedFact[]): RecordedFact[] | undefined {
  const [first] = stands;
  const [begun] = own;
  if (first?.seq === 1 && begun?.seq === 1 && !isSame(first, begun)) return undefined;
  const left = [...stands];
  const more = own.filter((fact) => {
    const at = left.findIndex((other) => isSame(other, fact));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  const last = stands.at(-1)?.seq ?? 0;
  return [...stands, ...more.map((fact, index) => ({ ...fact, seq: last + index + 1 }))];
}

/** A command makes a fact of a type once, whatever it said the second time; anything else is known by what it says. */
function isSame(one: RecordedFact, other: RecordedFact): boolean {
  if (one.type !== other.type || one.commandId !== other.commandId) return false;
  return one.commandId !== undefined || canonical(one.data) === canonical(other.data);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
