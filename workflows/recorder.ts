import { condition, proxyLocalActivities, setCurrentDetails } from '@temporalio/workflow';
import type { RecordActivities } from '../activities/ports.ts';
import type { FactHeader } from '../domain/journey/facts.ts';
import { type Rung, WAIT_WORDS, type Wait } from '../domain/journey/waits.ts';
import type { RecordBatch, RecordedFact, RecordResult, SubjectKind } from '../domain/record.ts';
import { type Instant, iso } from '../domain/time.ts';

const { record } = proxyLocalActivities<Pick<RecordActivities, 'record'>>({
  startToCloseTimeout: '20s',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '10s' },
  localRetryThreshold: '30s',
});

type Options = {
  subject: string;
  subjectKind: SubjectKind;
  operationId: string;
  /** sequence number of the last fact recorded by an earlier run */
  from: number;
  /** what holds now; asked when a batch leaves, so that it goes with the last fact of the batch */
  snapshot: () => { projection: Record<string, unknown>; waits: Wait[] };
  onRecorded?: (result: RecordResult) => void;
};

/**
 * The one door of a workflow to the journal. Facts and waits of one moment leave together, in one transaction;
 * `recorded` resolves after it has committed. Facts that are put while a batch is on its way go with the next one.
 * A conflict in the journal (same sequence, other content) fails the workflow task again and again: the subject
 * stands still, visibly, until somebody has looked.
 */
export class Recorder {
  private readonly options: Options;
  private facts: RecordedFact[] = [];
  private rungs: NonNullable<RecordBatch['rungs']> = [];
  private dirty = false;
  private writing = false;
  private last: number;
  private written: number;

  constructor(options: Options) {
    this.options = options;
    this.last = options.from;
    this.written = options.from;
    void this.run();
  }

  /** Gives the fact the next sequence number of its subject and hands it on. */
  put(fact: FactHeader & { type: string; chapter?: string; data: object }): number {
    this.last += 1;
    this.facts.push({ ...fact, data: { ...fact.data }, seq: this.last });
    this.dirty = true;
    return this.last;
  }

  /** The waits have changed without a fact. */
  touch(): void {
    this.dirty = true;
  }

  /** A rung of a wait was reached; how late is measured when it is written. */
  reached(key: string, rung: Rung, dueReal: Instant): void {
    this.rungs.push({ key, rung, dueReal });
    this.dirty = true;
  }

  get seq(): number {
    return this.last;
  }

  get idle(): boolean {
    return !this.dirty && !this.writing;
  }

  /** Resolves when everything put so far has committed. */
  async recorded(): Promise<void> {
    const upTo = this.last;
    await condition(() => this.written >= upTo);
  }

  private async run(): Promise<void> {
    for (;;) {
      await condition(() => this.dirty);
      await momentOver();
      const { projection, waits } = this.options.snapshot();
      const batch: RecordBatch = {
        subject: this.options.subject,
        subjectKind: this.options.subjectKind,
        operationId: this.options.operationId,
        facts: this.facts,
        projection: { ...projection, seq: this.last },
        waits,
        ...(this.rungs.length > 0 ? { rungs: this.rungs } : {}),
      };
      const upTo = this.last;
      this.facts = [];
      this.rungs = [];
      this.dirty = false;
      this.writing = true;
      setCurrentDetails(detailsOf(waits));
      const result = await record(batch);
      this.writing = false;
      this.written = upTo;
      this.options.onRecorded?.(result);
    }
  }
}

/**
 * Lets everything else that this activation set in motion run first, so that what belongs to one moment is one
 * batch: the condition is false when it is made and true when conditions are looked at again.
 */
async function momentOver(): Promise<void> {
  let looks = 0;
  await condition(() => ++looks > 1);
}

/** What Temporal's own UI shows of a workflow: the waits in the words of the field, without anything personal. */
function detailsOf(waits: readonly Wait[]): string {
  if (waits.length === 0) return 'Waits for nobody.';
  return waits
    .map((wait) => {
      const due = wait.due === undefined ? '' : `, due ${iso(wait.due)}, then ${WAIT_WORDS[wait.what].then}`;
      return `Waiting for ${WAIT_WORDS[wait.what].what} (${wait.whom.id}) since ${iso(wait.since)}${due}.`;
    })
    .join('\n');
}
